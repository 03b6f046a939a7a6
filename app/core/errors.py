"""Everything that can go wrong and be told to a client. No HTTP here; `web/problems.py` maps it.

Each class has a stable `code` (clients may switch on it) and a field dictionary that fills the
English and French sentences of the problem catalogue. Texts never carry internals.
"""

from typing import ClassVar


class EvaError(Exception):
    """An error that a client may be told about; `facts` fill the problem's sentence."""

    code: ClassVar[str] = "internal-error"

    def __init__(self, **facts: object) -> None:
        super().__init__(f"{self.code} {facts}" if facts else self.code)
        self.facts = facts


class SetupError(RuntimeError):
    """The service can't start as it is set up; the text tells its operator what to do.

    No client ever sees it: there is nothing yet that could answer one.
    """


class NotFoundError(EvaError):
    """The object does not exist, or is not the caller's: the two are indistinguishable."""

    code = "not-found"


class GoneError(EvaError):
    """The source that a citation quotes was deleted."""

    code = "source-deleted"


class InvalidInputError(EvaError):
    """A value is refused; facts: `pointer` (JSON pointer or parameter name) and `reason`."""

    code = "invalid-input"


class BadCursorError(EvaError):
    """A page cursor that this server did not issue for this list."""

    code = "bad-cursor"


class UnauthenticatedError(EvaError):
    """No credential, or one that is unknown, malformed, expired or revoked.

    `reason` is for logs and tests: no client is told what was wrong with its credential.
    """

    code = "unauthenticated"

    def __init__(self, reason: str | None = None) -> None:
        super().__init__()
        self.reason = reason


class ForbiddenError(EvaError):
    """The credential is good but lacks a scope; fact: `scope`."""

    code = "insufficient-scope"


class RoleError(EvaError):
    """The member's role in a space does not allow this; facts: `role`, `scope`."""

    code = "insufficient-role"


class RateLimitedError(EvaError):
    """Too much in too short a time; facts: `limit` in `window` seconds, `retry_after` seconds."""

    code = "rate-limited"


class BudgetExceededError(EvaError):
    """A budget is used up; facts: `limit`, `reason` (of what), `retry_after` seconds."""

    code = "budget-exceeded"


class StaleEtagError(EvaError):
    """The object changed since the caller read it (If-Match did not hold)."""

    code = "stale-etag"


class PreconditionRequiredError(EvaError):
    """If-Match is required for this change."""

    code = "precondition-required"


class ConflictError(EvaError):
    """The object exists already, or its state forbids the change; fact: `reason`."""

    code = "conflict"


class IdempotencyMismatchError(EvaError):
    """The same Idempotency-Key was used with a different request."""

    code = "idempotency-mismatch"


class IdempotencyBusyError(EvaError):
    """The first request with this Idempotency-Key is still running."""

    code = "idempotency-in-flight"


class TooLargeError(EvaError):
    """A body or file above the limit; fact: `limit_bytes`."""

    code = "too-large"


class UnsupportedTypeError(EvaError):
    """A file type that cannot be read; fact: `media_type`."""

    code = "unsupported-type"


class NotReadyError(EvaError):
    """The result is not there yet; facts: `status`."""

    code = "not-ready"


class QueryFailedError(EvaError):
    """The query ended without an answer; facts: `reason`."""

    code = "query-failed"


class UnavailableError(EvaError):
    """A dependency is down or overloaded; facts: `dependency`, `retry_after` in seconds."""

    code = "unavailable"


class OverloadedError(UnavailableError):
    """As many are at work as may be, and nothing was begun; facts: `limit`, `retry_after`."""

    code = "overloaded"


class StorageFullError(UnavailableError):
    """There is no room to store the write; nothing of it was kept."""

    code = "storage-full"


class LeaseLostError(EvaError):
    """Another worker holds the job now: whatever this one did must not be written."""

    code = "lease-lost"


class ExtractionFailedError(EvaError):
    """A document cannot be read; fact: `reason`, one of `models.FailureReason`."""

    code = "document-unreadable"
