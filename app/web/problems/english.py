"""What each problem is called and what to do about it, in English."""

from collections.abc import Mapping

from app.web.problems.said import Said

ENGLISH: Mapping[str, Said] = {
    "internal-error": Said(
        "Internal error",
        "The request could not be completed. Quote the request id when you report this.",
        "A fault of the service. Nothing about it is told here; the request id finds it in "
        "the logs. Repeating the request later is safe with the same Idempotency-Key.",
    ),
    "not-found": Said(
        "Not found",
        "There is no such object, or your credential does not reach it.",
        "The object does not exist, was deleted, or belongs to somebody else. The three are "
        "not told apart.",
    ),
    "source-deleted": Said(
        "Source deleted",
        "The document that this rests on was deleted.",
        "The answer quoted a document that was deleted since; its text is gone for good.",
    ),
    "invalid-input": Said(
        "Invalid input",
        "The request holds values that are refused; `errors` names each.",
        "Each entry of `errors` says where (a JSON pointer into the body, or `query:`, `path:` or "
        "`header:` and a name) and why. Unknown fields and query parameters are refused too.",
    ),
    "bad-cursor": Said(
        "Bad cursor",
        "This cursor was not issued for this list.",
        "A cursor is valid only for the list, filters and order that it came from. Begin "
        "again without one.",
    ),
    "unauthenticated": Said(
        "Authentication required",
        "Send a valid API key as `X-API-Key` or `Authorization: Bearer`.",
        "The credential is missing, malformed, unknown, expired or revoked. Which of these is "
        "not told.",
    ),
    "insufficient-scope": Said(
        "Scope missing",
        "Your credential lacks the scope {scope}.",
        "The credential is valid but may not do this. Ask an administrator for a key with the "
        "scope named.",
    ),
    "insufficient-role": Said(
        "Role does not allow this",
        "Your role in this space ({role}) does not allow {scope}.",
        "The space is its members' own, and you are one; what you ask takes a higher role. Ask "
        "somebody who manages the space. A role never allows more than your credential does.",
    ),
    "rate-limited": Said(
        "Too many requests",
        "No more than {limit} may be asked in {window} seconds; try again in {retry_after}.",
        "Repeat after the seconds in Retry-After. Questions and uploads count for several "
        "requests. What was refused was not done.",
    ),
    "budget-exceeded": Said(
        "Budget used up",
        "The budget is used up: {limit} {reason}.",
        "It is full again after the seconds in Retry-After, when the day or month (UTC) begins. "
        "Whoever administers the tenant can raise it.",
    ),
    "stale-etag": Said(
        "Changed meanwhile",
        "The object changed since you read it; read it again and repeat.",
        "The If-Match header names a revision that is no longer the newest. Nothing changed.",
    ),
    "precondition-required": Said(
        "If-Match required",
        "Send If-Match with the ETag of the object that you read.",
        "Changes need the ETag of what they change, so that two writers never overwrite each "
        "other unknowingly. `If-Match: *` overwrites knowingly.",
    ),
    "conflict": Said(
        "Conflict",
        "The object's state forbids this: {reason}.",
        "The object exists already, or is in a state in which this cannot be done.",
    ),
    "idempotency-mismatch": Said(
        "Idempotency-Key used before",
        "This Idempotency-Key was used with a different request.",
        "A key stands for one request. Use a fresh key for a different one.",
    ),
    "idempotency-in-flight": Said(
        "Request still running",
        "The first request with this Idempotency-Key is still running.",
        "Repeat after the seconds in Retry-After to get the answer of the first request.",
    ),
    "too-large": Said(
        "Too large",
        "More than {limit_bytes} bytes were sent; nothing of it was kept.",
        "Files and bodies have an upper limit. Split the document, or ask the operator.",
    ),
    "unsupported-type": Said(
        "Unsupported file type",
        "Files of the type {media_type} can't be read.",
        "PDF, Word, PowerPoint, Excel, HTML, Markdown, plain text, CSV, JSON and e-mail files "
        "can be read. The type is told by content as well as by name.",
    ),
    "not-ready": Said(
        "Not ready yet",
        "The result is not there yet; the state is {status}.",
        "The work goes on. Ask again after the seconds in Retry-After, or send `Prefer: wait=N`.",
    ),
    "query-failed": Said(
        "No answer",
        "The query ended without an answer: {reason}.",
        "The query failed or was cancelled, so it has no result and never will. Ask again.",
    ),
    "unavailable": Said(
        "Temporarily unavailable",
        "A part of the service ({dependency}) can't answer now; try again later.",
        "A dependency is down or overloaded. Repeat after the seconds in Retry-After; nothing "
        "of this request was kept.",
    ),
    "overloaded": Said(
        "Too much at once",
        "{limit} requests are under way, which is all that may be now; try again later.",
        "The service works on so much at a time and turns away who comes then, so that "
        "the others don't wait. Repeat after the seconds in Retry-After; nothing was kept.",
    ),
    "storage-full": Said(
        "Storage full",
        "There is no room to store this; nothing of it was kept.",
        "The operator has to make room. Reading and asking still work.",
    ),
    "lease-lost": Said(
        "Taken over",
        "Another worker took this over; try again.",
        "Two workers met on the same piece of work and this one gave way.",
    ),
    "document-unreadable": Said(
        "Unreadable document",
        "The document can't be read: {reason}.",
        "The document's `reason` says why: encrypted, empty, scanned without text, malformed, "
        "too complex or too large.",
    ),
    "route-not-found": Said(
        "No such path",
        "No operation has this path.",
        "Compare the path with the OpenAPI document at /openapi.json.",
    ),
    "method-not-allowed": Said(
        "Method not allowed",
        "This path does not have this method; Allow lists those it has.",
        "Use one of the methods in the Allow header.",
    ),
    "bad-request": Said(
        "Bad request",
        "The request can't be understood.",
        "The request is not well-formed HTTP. Check its headers and its framing.",
    ),
    "malformed-body": Said(
        "Malformed body",
        "The body is not what its Content-Type says.",
        "The JSON or multipart body is broken or incomplete; nothing of it was kept.",
    ),
    "unsupported-media-type": Said(
        "Unsupported media type",
        "Send the body as {expected}.",
        "The Content-Type header names a format that this operation does not read.",
    ),
    "not-acceptable": Said(
        "Not acceptable",
        "This can be given as {offered}, which the Accept header excludes.",
        "Widen the Accept header, or leave it out.",
    ),
    "range-not-satisfiable": Said(
        "Range not satisfiable",
        "The content has {size_bytes} bytes; the range lies outside.",
        "Ask for a range that begins inside of the content.",
    ),
    "slow-request": Said(
        "Request timed out",
        "The request came too slowly; nothing of it was kept.",
        "Send headers and body without long pauses.",
    ),
    "unsupported-encoding": Said(
        "Compressed body",
        "Send the body as it is, without Content-Encoding.",
        "Compressed bodies are not unpacked: how far they unfold cannot be known beforehand. "
        "Archives of documents that formats such as .docx are have limits of their own.",
    ),
    "wrong-host": Said(
        "Not a host of this service",
        "The Host header names a host that this service does not answer for.",
        "Use the service's own name. Its operator lists them in EVA_ALLOWED_HOSTS.",
    ),
    "https-required": Said(
        "HTTPS required",
        "Use https; a credential that was sent over plain HTTP should be replaced.",
        "The request came over plain HTTP and was not looked at. It is not redirected if it "
        "carried anything: a redirect would hide that it could be read on its way.",
    ),
    "head-too-large": Said(
        "Headers too large",
        "The request line and headers have more than {limit_bytes} bytes.",
        "Send fewer or shorter headers.",
    ),
}
