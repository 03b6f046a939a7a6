"""Tokens that were verified lately, so that a repeated one costs a hash and a look-up."""

import hashlib
from collections import OrderedDict
from dataclasses import dataclass

from app.adapters.oidc.keys import KeySet
from app.adapters.oidc.source import KeySource
from app.core.access import Principal

MOST_TOKENS = 10_000  # some 10 MB


@dataclass(frozen=True, slots=True)
class Verified:
    """Whom a token speaks of, until when (seconds since 1970), and by which keys."""

    principal: Principal
    expires_at: float
    source: KeySource
    keys: KeySet


class VerifiedTokens:
    """The most recently used verified tokens, by SHA-256: the tokens themselves are not kept."""

    def __init__(self, most: int = MOST_TOKENS) -> None:
        self._most = most
        self._held: OrderedDict[bytes, Verified] = OrderedDict()

    def __len__(self) -> int:
        return len(self._held)

    def find(self, token: str, now: float) -> Verified | None:
        """Return what is known of a token; nothing past `exp`, or once its issuer's keys changed.

        Looking also lets the issuer's keys be renewed when they are due.
        """
        key = _digest(token)
        held = self._held.get(key)
        if held is None:
            return None
        if held.expires_at <= now or held.source.ready() is not held.keys:
            del self._held[key]
            return None
        self._held.move_to_end(key)
        return held

    def keep(self, token: str, verified: Verified) -> None:
        """Remember a token; the one unused for longest makes room."""
        self._held[_digest(token)] = verified
        if len(self._held) > self._most:
            self._held.popitem(last=False)


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
