"""Counters in this process's memory, exact, without a lock: nothing is awaited in between."""

import time

from app.adapters.quotas.sliding import Seen
from app.core.quotas import WINDOW_S, Take

_SWEEP_S = 30.0


class LocalCounter:
    """`Counter` of this process alone. Windows begin at whole minutes."""

    def __init__(self) -> None:
        self._counts: dict[str, tuple[int, int, int]] = {}  # window, last one's count, this one's
        self._swept_at = time.monotonic()

    async def take(self, *takes: Take) -> float:
        """Take every cost, or none."""
        now = time.time()
        self._sweep(now)
        for take in takes:
            seen = self._seen(take.key, now)
            if seen.used + take.cost > take.limit:
                return seen.refusal_s(take)
        for take in takes:
            window, before, count = self._count(take.key, now)
            self._counts[take.key] = (window, before, count + take.cost)
        return 0.0

    async def left(self, take: Take) -> tuple[int, float]:
        """Look, without taking."""
        return self._seen(take.key, time.time()).left(take)

    def _seen(self, key: str, now: float) -> Seen:
        _, before, count = self._count(key, now)
        passed = now % WINDOW_S
        return Seen(before, WINDOW_S - passed, count, 2 * WINDOW_S - passed)

    def _count(self, key: str, now: float) -> tuple[int, int, int]:
        """Return the counts as of now; a clock that was set back begins anew."""
        window = int(now // WINDOW_S)
        known, before, count = self._counts.get(key, (window, 0, 0))
        if known == window:
            return known, before, count
        return window, count if known == window - 1 else 0, 0

    def _sweep(self, now: float) -> None:
        """Forget what is over, now and then."""
        if time.monotonic() - self._swept_at < _SWEEP_S:
            return
        self._swept_at = time.monotonic()
        window = int(now // WINDOW_S)
        self._counts = {
            key: counts for key, counts in self._counts.items() if 0 <= window - counts[0] <= 1
        }
