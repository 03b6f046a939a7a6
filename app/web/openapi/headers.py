"""The headers of this API, described once."""

from typing import Any

from app.web.timeouts import PATTERN


def _request(name: str, about: str, **schema: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON Schema
    return {
        "name": name,
        "in": "header",
        "required": False,
        "description": about,
        "schema": {"type": "string", **schema},
    }


def _response(about: str, **schema: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON Schema
    return {"description": about, "schema": {"type": "string", **schema}}


_REQUEST = (
    _request("Accept-Language", "`fr` for problems in French.", examples=["fr-CA, en;q=0.8"]),
    _request(
        "X-Request-Id",
        "Your id of this request (1 to 64 of A-Z a-z 0-9 . _ -); it comes back, and stands in the "
        "logs. One of another form is replaced.",
    ),
    _request(
        "Idempotency-Key",
        "Makes repeating the request harmless for 24 hours: a successful first answer is "
        "replayed, with `Idempotency-Replayed: true`. A fresh UUID for each request is good.",
        pattern="^[!#-~]{1,255}$",
    ),
    _request(
        "If-Match",
        "The ETag of what you read; the change is refused (412) if it changed since. "
        "`*` overwrites whatever is there.",
    ),
    _request("If-None-Match", "The ETag of your copy; 304 if it is still good."),
    _request("If-Range", "The ETag of the part you have; else the whole is sent."),
    _request("Range", "One byte range, such as `bytes=0-1023`.", examples=["bytes=0-1023"]),
    _request(
        "Prefer",
        "`wait=N`: wait up to N seconds for the result. `return=representation`: show what a "
        "deletion does.",
        examples=["wait=20"],
    ),
    _request(
        "Request-Timeout",
        "By when you need the answer, in seconds: what takes longer is refused (503). The service "
        "has a bound of its own, which this can only shorten.",
        pattern=PATTERN,
        examples=["2.5"],
    ),
    _request(
        "Last-Event-ID",
        "The `id` of the last event you saw; the stream goes on behind it.",
        pattern="^[0-9]{1,9}$",
    ),
)
REQUEST_HEADERS = {one["name"]: one for one in _REQUEST}
# The same where it must be sent (428 without).
REQUEST_HEADERS["If-Match-Required"] = {**REQUEST_HEADERS["If-Match"], "required": True}
RESPONSE_HEADERS = {
    "X-Request-Id": _response("The request's id."),
    "ETag": _response("The revision of what is shown."),
    "Location": _response("Where what was made, or its receipt, is."),
    "Retry-After": _response("Seconds to wait before asking again.", pattern="^[0-9]+$"),
    "Link": _response('The next page: `<…>; rel="next"`.'),
    "Preference-Applied": _response("Which preference was honoured."),
    "Content-Language": _response("`en` or `fr`."),
    "Content-Disposition": _response("The file's name."),
    "Content-Range": _response("Which bytes these are."),
    "Accept-Ranges": _response("`bytes`."),
    "WWW-Authenticate": _response("How to authenticate."),
}
