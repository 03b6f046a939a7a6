"""The W3C trace context of the request at hand, so that its jobs carry it on."""

import re
from contextvars import ContextVar

_TRACEPARENT = re.compile(
    r"(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}"
)

current: ContextVar[str | None] = ContextVar("traceparent", default=None)


def valid(traceparent: str | None) -> str | None:
    """Return the header's value if it is well-formed, else None."""
    return traceparent if traceparent and _TRACEPARENT.fullmatch(traceparent) else None
