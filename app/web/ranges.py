"""Byte ranges (RFC 9110 section 14): one range is served, anything else gets the whole."""

import re
from dataclasses import dataclass

from starlette.datastructures import Headers

from app.web.errors import RangeNotSatisfiableError

_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")


@dataclass(frozen=True, slots=True)
class Span:
    """The bytes `[start, end)`."""

    start: int
    end: int


def wanted(headers: Headers, etag: str, size: int) -> Span | None:
    """Return the range asked for, None for the whole; RangeNotSatisfiableError."""
    found = _RANGE.fullmatch(headers.get("range", ""))
    if found is None or headers.get("if-range", etag) != etag or found[1] == found[2] == "":
        return None
    first, last = found[1], found[2]
    if not first:  # the last n bytes
        start, end = max(0, size - int(last)), size
    else:
        start, end = int(first), min(size, int(last) + 1) if last else size
    if first and last and int(last) < int(first):
        return None
    if start >= end:
        raise RangeNotSatisfiableError(size_bytes=size)
    return Span(start, end)
