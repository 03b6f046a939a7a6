"""Which problems and headers an operation has without saying so."""

from typing import Any

from app.core.access import PUBLIC, RULES
from app.core.models import Scope

OF_CONDITIONS = frozenset({"stale-etag", "precondition-required"})
_NOT_IN_A_SPACE = frozenset({Scope.ADMIN_ALL, Scope.AUDIT_READ})
_EVERY = ("X-Request-Id",)
_RETRY = frozenset({"425", "429", "503"})


def problems(method: str, path: str, operation: dict[str, Any]) -> set[str]:
    """Return the codes that follow from the method, the path, the rule and the body."""
    codes = {"internal-error", "invalid-input", "rate-limited", "wrong-host", "https-required"}
    rule = RULES[operation["operationId"]]
    if rule is not PUBLIC:
        codes |= {"unauthenticated", "insufficient-scope", "unavailable", "budget-exceeded"}
        if rule not in _NOT_IN_A_SPACE:
            codes.add("insufficient-role")
        if method != "get":
            codes.add("storage-full")
    if "{" in path:
        codes.add("not-found")
    return codes | _of_body(operation) | _of_method(method)


def request_headers(method: str, *, conditional: bool) -> tuple[str, ...]:
    """Return the request headers that every operation of a method takes."""
    every = ("Accept-Language", "X-Request-Id")
    if method in ("put", "patch") and conditional:
        return ("If-Match-Required", *every)
    return ("Idempotency-Key", *every) if method == "post" else every


def timed(operation: dict[str, Any]) -> bool:
    """Tell whether a client may say by when an operation is to answer.

    What is public asks nothing that could take long; what is slow about an upload is its client.
    """
    upload = "multipart/form-data" in operation.get("requestBody", {}).get("content", {})
    return RULES[operation["operationId"]] is not PUBLIC and not upload


def _of_body(operation: dict[str, Any]) -> set[str]:
    if "requestBody" not in operation:
        return set()
    return {
        "malformed-body",
        "too-large",
        "unsupported-media-type",
        "unsupported-encoding",
        "slow-request",
    }


def _of_method(method: str) -> set[str]:
    match method:
        case "post":
            return {
                "idempotency-mismatch",
                "idempotency-in-flight",
                "source-deleted",  # what the first answer told of
                "too-large",
                "slow-request",
            }
        case "put" | "patch":
            return set(OF_CONDITIONS)
        case "delete":
            return {"stale-etag"}
        case _:
            return set()


def headers_of(status: str) -> tuple[str, ...]:
    """Return the headers that every response of a status has."""
    if status in _RETRY:
        return (*_EVERY, "Retry-After")
    return (*_EVERY, "WWW-Authenticate") if status == "401" else _EVERY
