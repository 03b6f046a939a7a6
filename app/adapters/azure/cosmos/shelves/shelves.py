"""The spaces whose passages this process holds in memory: those that are asked often, and fit.

Cosmos DB stays the truth: each search reads the space's stamp, and what is held follows it first.
What is not held is loaded in the background while searches are answered by queries.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from app.adapters.azure.cosmos import passages
from app.adapters.azure.cosmos.container import Container, Item, Place
from app.adapters.azure.cosmos.remembering import Remembered
from app.adapters.azure.cosmos.shelves.following import BehindError, Source
from app.adapters.azure.cosmos.shelves.shelf import PASSAGE_BYTES, Shelf
from app.core.errors import UnavailableError

_SOON_S = 300.0  # a space that is asked again within that is loaded
_FRESH_S = passages.GONE_TOLD_S / 2  # what was not looked at for so long may have missed removals
_BUSY_S = 60.0  # what was asked within that does not make room for others
_LATER_S = 60.0  # until loading is tried again that could not be, or made no sense
_FAR = 200  # changes; who is further behind loads anew
_AT_ONCE = 2  # loads
_MOST_ASKED = 10_000  # spaces of which it is remembered when they were asked
_MOST_PASSAGES, _MOST_NUMBERS = 20_000, 5_000_000  # of a space: what is loaded, and looked through
_WORDS_BYTES = 2_000  # text and postings of a passage, about
_log = logging.getLogger("eva.azure")


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """How much may be held: bytes in all (0: nothing), of vectors of so many numbers."""

    most_bytes: int
    dimensions: int

    def needed(self, many: int) -> int:
        """Return about how many bytes so many passages take."""
        return many * (4 * self.dimensions + PASSAGE_BYTES + _WORDS_BYTES)

    def takes(self, many: int, used: int) -> bool:
        """Tell whether a space of so many passages is to be held beside what is used."""
        small = many <= _MOST_PASSAGES and many * self.dimensions <= _MOST_NUMBERS
        return small and used + self.needed(many) <= self.most_bytes


@dataclass(slots=True)
class _Held:
    """A shelf, when it was asked last, and since when it may have missed something."""

    shelf: Shelf
    asked: float
    fresh: float
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)


class Shelves:
    """What is held; the one asked least lately goes first."""

    def __init__(
        self,
        container: Container,
        room: Room,
        terms: Callable[[str], list[str]],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._source = Source(container, room.dimensions)
        self._room = room
        self._terms = terms
        self._clock = clock
        self._held: dict[Place, _Held] = {}
        self._asked: Remembered[Place, float] = Remembered(_MOST_ASKED)
        self._not_before: Remembered[Place, float] = Remembered(_MOST_ASKED)
        self._loading: dict[Place, asyncio.Task[None]] = {}

    @property
    def size_bytes(self) -> int:
        """Return about what is held."""
        return sum(held.shelf.size_bytes for held in self._held.values())

    async def at_hand(self, place: Place) -> Shelf | None:
        """Return all that is seen of a space by now; None, and perhaps load it, if it is not held.

        UnavailableError if it can't be told what has changed.
        """
        now, held = self._clock(), self._held.get(place)
        if held is not None and now - held.fresh <= _FRESH_S:
            held.asked = now
            if await self._is_current(place, held, now):
                return held.shelf
        if held is not None and self._held.get(place) is held:
            del self._held[place]
        self._wish(place, now)
        return None

    async def load(self, place: Place) -> bool:
        """Load a space; tell whether it is held by now. UnavailableError."""
        began = self._clock()
        stamp = await self._source.stamp(place)
        if stamp is None or not self._fits(await self._source.count(place)):
            return False
        shelf = Shelf(place[1], stamp, self._room.dimensions, self._terms)
        try:
            await self._source.fill(place, shelf)
        except BehindError:
            return False
        self._held[place] = _Held(shelf, self._clock(), began)
        self._make_room()
        return place in self._held

    async def close(self) -> None:
        """End what is being loaded."""
        tasks = list(self._loading.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _is_current(self, place: Place, held: _Held, now: float) -> bool:
        """Let what is held follow the space; tell whether that went."""
        stamp = await self._source.stamp(place)
        if stamp is None or stamp["life"] != held.shelf.life:
            return False
        if stamp["seq"] > held.shelf.seq:
            async with held.turn:  # others may have followed meanwhile
                if not await self._follows(place, held.shelf, stamp):
                    return False
            self._make_room()
        held.fresh = max(held.fresh, now)
        return True

    async def _follows(self, place: Place, shelf: Shelf, stamp: Item) -> bool:
        if stamp["seq"] - shelf.seq > _FAR:
            return False
        try:
            if stamp["seq"] > shelf.seq:
                await self._source.follow(place, shelf, stamp)
        except BehindError:
            return False
        return True

    def _wish(self, place: Place, now: float) -> None:
        """Load a space that is asked again, unless that was tried just now."""
        last = self._asked.take(place)
        self._asked.put(place, now)
        again = last is not None and now - last <= _SOON_S
        if not again or not self._room.most_bytes or now < (self._not_before.get(place) or 0.0):
            return
        if place not in self._loading and len(self._loading) < _AT_ONCE:
            task = self._loading[place] = asyncio.create_task(self._load(place))
            task.add_done_callback(lambda _: self._loading.pop(place, None))

    async def _load(self, place: Place) -> None:
        self._not_before.take(place)
        self._not_before.put(place, self._clock() + _LATER_S)
        try:
            await self.load(place)
        except UnavailableError:
            _log.warning("a space could not be loaded to be searched in memory")

    def _fits(self, many: int) -> bool:
        now = self._clock()
        busy = [held for held in self._held.values() if now - held.asked <= _BUSY_S]
        return self._room.takes(many, sum(held.shelf.size_bytes for held in busy))

    def _make_room(self) -> None:
        while self._held and self.size_bytes > self._room.most_bytes:
            del self._held[min(self._held, key=lambda place: self._held[place].asked)]
