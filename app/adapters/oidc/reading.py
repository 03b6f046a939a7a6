"""Reading a token strictly, before anything in it is believed.

RFC 8725 (best practices) is the source of most refusals here. Nothing that a token names is
ever fetched, and its `kid` is used to look a key up and for nothing else.
"""

import base64
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

from app.core.errors import UnauthenticatedError
from app.core.identity import Refusal

MOST_CHARACTERS = 8 * 1024
ALGORITHMS = frozenset({"RS256", "ES256"})

_SHAPE = re.compile(r"([\w-]++)\.([\w-]++)\.([\w-]*+)", re.ASCII)
_KEY_ID = re.compile(r"[A-Za-z0-9_.~+=:@-]{1,256}", re.ASCII)
_TYPES = frozenset({"jwt", "at+jwt"})
# They name or carry keys, or change what is signed (RFC 7515, section 4.1; RFC 7797).
_FORBIDDEN = frozenset({"jku", "jwk", "x5u", "x5c", "crit", "b64"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Unverified:
    """What a token says of itself. `type` is in lower case, without `application/`."""

    algorithm: str
    key_id: str
    type: str
    claims: Mapping[str, object]


def require_size(token: str) -> None:
    """Raise UnauthenticatedError for what is too long to look at, or is not ASCII."""
    if len(token) > MOST_CHARACTERS:
        raise UnauthenticatedError(Refusal.OVERSIZED)
    if not token.isascii():
        raise UnauthenticatedError(Refusal.MALFORMED)


def read(token: str) -> Unverified:
    """Return what the token says; UnauthenticatedError for anything but a plain signed JWT."""
    require_size(token)
    parts = _SHAPE.fullmatch(token)
    if parts is None:
        raise UnauthenticatedError(Refusal.MALFORMED)
    header = _object(parts[1])
    return Unverified(**_header(header), claims=_object(parts[2]))


def _header(header: Mapping[str, object]) -> dict[str, str]:
    """Return the algorithm, key id and type that a header names, each of them allowed."""
    if not _FORBIDDEN.isdisjoint(header):
        raise UnauthenticatedError(Refusal.FORBIDDEN_HEADER)
    type_, algorithm, key_id = header.get("typ"), header.get("alg"), header.get("kid")
    kind = type_.lower().removeprefix("application/") if isinstance(type_, str) else ""
    if kind not in _TYPES:
        raise UnauthenticatedError(Refusal.WRONG_TYPE)
    if not isinstance(algorithm, str) or algorithm not in ALGORITHMS:
        raise UnauthenticatedError(Refusal.ALGORITHM)
    if not isinstance(key_id, str) or not _KEY_ID.fullmatch(key_id) or ".." in key_id:
        raise UnauthenticatedError(Refusal.KEY_ID)
    return {"algorithm": algorithm, "key_id": key_id, "type": kind}


def _object(segment: str) -> Mapping[str, object]:
    """Return the JSON object in a segment; no name twice, no NaN, no endless nesting."""
    try:
        text = base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4)).decode()
        value = json.loads(text, object_pairs_hook=_unique, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise UnauthenticatedError(Refusal.MALFORMED) from None
    if not isinstance(value, dict):
        raise UnauthenticatedError(Refusal.MALFORMED)
    return value


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name twice")
    return found


def _no_constant(name: str) -> object:
    raise ValueError(name)
