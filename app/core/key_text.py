"""What an API key looks like: `eva_<id>_<secret><checksum>`.

The secret has 256 random bits, so a fast hash is enough: there is nothing to guess. The checksum
(CRC-32 of all before it, six base-62 digits) lets scanners of source code know a key when they see
one, and lets garbage be refused before anything is looked up.
"""

import hashlib
import re
import secrets
import zlib
from dataclasses import dataclass

PATTERN = "eva_[0-9a-hjkmnp-tv-z]{26}_[0-9a-f]{64}[0-9A-Za-z]{6}"
_KEY = re.compile("eva_([0-9a-hjkmnp-tv-z]{26})_([0-9a-f]{64})([0-9A-Za-z]{6})?", re.ASCII)
_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_CHECKSUM = 6
_PAIRS = [left + right for left in _DIGITS for right in _DIGITS]  # every key sent is checked


@dataclass(frozen=True, slots=True)
class KeyText:
    """A well-formed key: its id, and the SHA-256 by which it is known."""

    id: str
    sha256: str


def mint(key_id: str) -> str:
    """Return a fresh text for a key."""
    unchecked = f"eva_{key_id}_{secrets.token_hex(32)}"
    return unchecked + checksum(unchecked)


def read(text: str) -> KeyText | None:
    """Return what a text says, None if it is no key.

    Keys issued before there were checksums go on working; they are known by the SHA-256 of their
    secret alone.
    """
    found = _KEY.fullmatch(text)
    if found is None:
        return None
    key_id, secret, check = found.groups()
    if check is None:
        return KeyText(key_id, hashed(secret))
    return KeyText(key_id, hashed(text)) if checksum(text[:-_CHECKSUM]) == check else None


def checksum(unchecked: str) -> str:
    """Return the digits that end a key."""
    rest, last = divmod(zlib.crc32(unchecked.encode()), len(_PAIRS))
    first, middle = divmod(rest, len(_PAIRS))
    return _PAIRS[first] + _PAIRS[middle] + _PAIRS[last]


def hashed(text: str) -> str:
    """Return the SHA-256 of a text, in hexadecimal digits."""
    return hashlib.sha256(text.encode()).hexdigest()
