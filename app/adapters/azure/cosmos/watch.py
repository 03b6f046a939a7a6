"""When there may be work: what was last seen of each kind, and the doorbell.

Idle workers of a process share one look a second at each kind, also when all want it at once.
"""

import asyncio
import math
import time
from collections import defaultdict
from collections.abc import Callable, Sequence

from app.adapters.azure.cosmos.doorbell import Doorbell
from app.adapters.azure.cosmos.lanes import Lanes
from app.core.models import JobKind

LOOK_S = 1.0
_NEVER = (-math.inf, 0.0)


class Watch:
    """When the next job of a kind is due, as seen within the last second."""

    def __init__(self, entries: Lanes, doorbell: Doorbell, clock: Callable[[], float]) -> None:
        self._entries = entries
        self._doorbell = doorbell
        self._clock = clock
        self._seen: dict[JobKind, tuple[float, float]] = {}  # since when (monotonic), due at
        self._changed: dict[JobKind, float] = {}  # when it was last said that something has
        self._turns: defaultdict[JobKind, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def due_in(self, kinds: Sequence[JobKind]) -> float:
        """Return in how many seconds the next of these is due: 0 when one is, else more."""
        due = await asyncio.gather(*(self._due_at(kind) for kind in kinds))
        return max(0.0, min(due, default=math.inf) - self._clock())

    def again(self, kinds: Sequence[JobKind]) -> None:
        """Look again: something has changed."""
        for kind in kinds:
            self._changed[kind] = time.monotonic()

    def ring(self, kind: JobKind) -> None:
        """Tell those who wait; whoever hears nothing looks by himself within a second."""
        self.again([kind])
        self._doorbell.ring(kind)

    async def heard(self, kinds: Sequence[JobKind], timeout_s: float) -> None:
        """Return when it rings, at the latest after the timeout."""
        began, pause = time.monotonic(), min(timeout_s, LOOK_S)
        await self._doorbell.wait(kinds, pause)
        if time.monotonic() - began < pause:
            self.again(kinds)

    async def _due_at(self, kind: JobKind) -> float:
        """Return what a look found that began late enough; one looks at a time."""
        asked = time.monotonic()
        async with self._turns[kind]:
            looked, due_at = self._seen.get(kind, _NEVER)
            good = looked >= asked or (asked - looked < LOOK_S and due_at > self._clock())
            if good and looked > self._changed.get(kind, -math.inf):
                return due_at
            began = time.monotonic()
            found = await self._entries.next_due(kind)
            due_at = math.inf if found is None else float(found)
            self._seen[kind] = (began, due_at)
            return due_at
