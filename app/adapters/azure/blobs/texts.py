"""Pieces of texts that were read a moment ago: many answers quote the same documents.

A version's text does not change, so a piece is as good as another look, and whether its document
is still there is for the records to say. Erasing in this process forgets at once; what another
one erased is not used after `KEPT_S`, and goes when the next text is asked for.
"""

import time
from collections.abc import Awaitable, Callable
from typing import TypeAlias

PIECE = 64 << 10  # bytes; most texts are shorter
KEPT_S = 60.0
_MOST_BYTES = 32 << 20
Read: TypeAlias = Callable[[int, int], Awaitable[bytes]]


class Texts:
    """As many pieces as fit; those that were read first go first."""

    def __init__(
        self, most_bytes: int = _MOST_BYTES, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._most_bytes = most_bytes
        self._clock = clock
        self._held: dict[tuple[str, int], tuple[float, bytes]] = {}
        self._bytes = 0
        self._erased = 0  # times; what was being read meanwhile is not kept

    async def slice(self, name: str, start: int, end: int, read: Read) -> bytes:
        """Return bytes `[start, end)` of a text, with `read` for what is not at hand."""
        if not 0 <= start <= end:
            raise ValueError("a range starts at 0 or later and does not end before it starts")
        first = start // PIECE
        numbers = range(first, max(first, (end - 1) // PIECE) + 1)
        pieces = [await self._piece(name, number, read) for number in numbers]
        return b"".join(pieces)[start - first * PIECE : end - first * PIECE]

    def forget(self, prefix: str) -> None:
        """Drop all texts whose names begin so."""
        self._erased += 1
        for key in [key for key in self._held if key[0].startswith(prefix)]:
            self._drop(key)

    async def _piece(self, name: str, number: int, read: Read) -> bytes:
        key = (name, number)
        self._drop_old()
        if (kept := self._held.get(key)) is not None:
            return kept[1]
        asked_at, erased = self._clock(), self._erased
        found = await read(number * PIECE, (number + 1) * PIECE)
        if erased == self._erased:
            self._keep(key, asked_at, found)
        return found

    def _keep(self, key: tuple[str, int], asked_at: float, piece: bytes) -> None:
        if key in self._held:
            self._drop(key)
        self._held[key] = (asked_at, piece)
        self._bytes += len(piece)
        while self._bytes > self._most_bytes:
            self._drop(next(iter(self._held)))

    def _drop_old(self) -> None:
        while self._held and self._clock() - next(iter(self._held.values()))[0] > KEPT_S:
            self._drop(next(iter(self._held)))

    def _drop(self, key: tuple[str, int]) -> None:
        self._bytes -= len(self._held.pop(key)[1])
