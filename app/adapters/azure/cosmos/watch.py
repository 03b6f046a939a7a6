"""When to look for work: at a ring, when a job is due that is known of, and now and then anyway.

All workers of a process share what one of them has found out by looking.
"""

import math
from collections.abc import Callable, Sequence

from app.adapters.azure.cosmos.doorbell import Doorbell, LocalDoorbell
from app.adapters.azure.cosmos.leases import Leases
from app.core.models import JobKind


class Watch:
    """When this process looks at a kind of job next."""

    def __init__(
        self, leases: Leases, here: LocalDoorbell, doorbell: Doorbell, clock: Callable[[], float]
    ) -> None:
        self._leases = leases
        self._here = here
        self._doorbell = doorbell
        self._clock = clock
        self._looked: dict[JobKind, float] = {}

    def due_in(self, kinds: Sequence[JobKind]) -> float:
        """Return in how many seconds a look at one of these is worth it: 0, or more."""
        return max(0.0, min(map(self._look_at, kinds), default=math.inf) - self._clock())

    def look(self, kind: JobKind) -> None:
        """Take note that somebody looks from now on."""
        self._looked[kind] = now = self._clock()
        self._leases.looked(kind, now)

    def again(self, kinds: Sequence[JobKind]) -> None:
        """Take note that something has changed."""
        for kind in kinds:
            self._looked.pop(kind, None)

    def ring(self, kind: JobKind) -> None:
        """Tell those who wait of a new job; who hears nothing looks by himself after a while."""
        self.again([kind])
        self._doorbell.ring(kind)

    def wake(self, kinds: Sequence[JobKind]) -> None:
        """Wake one of those who wait here: there is more than one of them can do."""
        any(self._here.ring(kind) for kind in kinds)

    async def heard(self, kinds: Sequence[JobKind], timeout_s: float) -> None:
        """Return when it rings, at the latest after the timeout."""
        self.again(await self._doorbell.wait(kinds, timeout_s))

    def _look_at(self, kind: JobKind) -> float:
        if kind not in self._looked:
            return -math.inf
        return min(self._looked[kind] + self._doorbell.quiet_s, self._leases.next_due(kind))
