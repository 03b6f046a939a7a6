"""Page cursors: where a listing goes on, bound to the very list they came from.

A cursor carries a digest of the list (tenant, path, filters, order) and of its place in it, so
that a foreign or damaged one is refused. It opens nothing: a listing is scoped by its caller.
"""

import base64
import binascii
import hashlib

from app.core.errors import BadCursorError

_DIGEST = 9  # bytes


def encode(after: str, binding: str) -> str:
    """Return the cursor behind an id of a list."""
    place = after.encode()
    return base64.urlsafe_b64encode(_digest(place, binding) + place).decode().rstrip("=")


def decode(cursor: str, binding: str) -> str:
    """Return the id that a cursor of this list stands behind; BadCursorError."""
    try:
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        place = raw[_DIGEST:].decode()
    except (binascii.Error, ValueError):
        raise BadCursorError from None
    if raw[:_DIGEST] != _digest(place.encode(), binding) or encode(place, binding) != cursor:
        raise BadCursorError
    return place


def _digest(place: bytes, binding: str) -> bytes:
    return hashlib.blake2b(
        place, key=hashlib.sha256(binding.encode()).digest(), digest_size=_DIGEST
    ).digest()
