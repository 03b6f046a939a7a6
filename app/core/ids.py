"""Typed, time-ordered identifiers such as ``spc_01k…``: sorting by id sorts by creation."""

import re
import secrets
import threading
import time

from app.core.errors import InvalidInputError

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # pragma: allowlist secret - Crockford base 32
_RANDOM_BITS = 80
_LENGTH = 26
_ID = re.compile(r"[a-z0-9][a-z0-9_-]{0,99}", re.ASCII)
_lock = threading.Lock()
_last = 0


def new_id(prefix: str) -> str:
    """Return a fresh id; ids of one process are strictly increasing even within a millisecond."""
    global _last  # noqa: PLW0603 - one clock per process is the point
    with _lock:
        fresh = (time.time_ns() // 1_000_000) << _RANDOM_BITS | secrets.randbits(_RANDOM_BITS)
        _last = fresh if fresh > _last else _last + 1
        return f"{prefix}_{_encode(_last)}"


def _encode(number: int) -> str:
    digits = []
    for _ in range(_LENGTH):
        number, digit = divmod(number, 32)
        digits.append(_ALPHABET[digit])
    return "".join(reversed(digits))


def required(id_: str) -> str:
    """Return what may be an id of ours, safe as part of a path; else raise InvalidInputError."""
    if not _ID.fullmatch(id_):
        raise InvalidInputError(pointer="id", reason="is not an id of this service")
    return id_
