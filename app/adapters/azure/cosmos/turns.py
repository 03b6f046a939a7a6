"""Which job is next: what a look found is gone through for a moment, tenant by tenant.

Tenants take turns in each process: the one with the fewest jobs running here first, among equals
the one that was served longest ago; of a tenant's jobs the oldest.
"""

import time
from collections import Counter
from collections.abc import Callable, Sequence

from app.adapters.azure.cosmos.lanes import Entry, Lanes
from app.adapters.azure.cosmos.leases import Leases
from app.adapters.azure.cosmos.remembering import Remembered
from app.adapters.azure.cosmos.watch import Watch
from app.core.models import JobKind

_FRESH_S = 1.0  # how long what a look found is gone through
_MOST_SERVED = 10_000


class Turns:
    """The entries that are due, as this process saw them last."""

    def __init__(
        self, entries: Lanes, watch: Watch, leases: Leases, clock: Callable[[], float]
    ) -> None:
        self._entries = entries
        self._watch = watch
        self._leases = leases
        self._clock = clock
        self._found: dict[JobKind, tuple[float, list[Entry]]] = {}
        self._served: Remembered[str, int] = Remembered(_MOST_SERVED)

    async def look(self, kinds: Sequence[JobKind]) -> None:
        """Find out what is due, where that was not done lately or something was heard since."""
        for kind in kinds:
            now = self._clock()
            looked, found = self._found.get(kind, (now, []))
            if self._watch.due_in([kind]) == 0 or (found and now - looked > _FRESH_S):
                self._watch.look(kind)
                self._found[kind] = now, await self._due(kind, now)

    def next(self, kinds: Sequence[JobKind]) -> Entry | None:
        """Return what is to be done next, once."""
        found = [one for kind in kinds for one in self._of(kind)]
        now = self._clock()
        running = Counter(job.tenant_id for kind in kinds for job in self._leases.held(kind, now))

        def turn(one: Entry) -> tuple[int, int, str]:
            tenant = one.tenant_id
            return running[tenant], self._served.get(tenant) or 0, one.queued_at

        if not found:
            return None
        first = min(found, key=turn)
        self._of(JobKind(first.lane)).remove(first)
        return first

    def left(self, kinds: Sequence[JobKind]) -> list[JobKind]:
        """Return the kinds of which more was found."""
        return [kind for kind in kinds if self._of(kind)]

    def served(self, tenant_id: str) -> None:
        """Take note whose turn it was."""
        self._served.take(tenant_id)
        self._served.put(tenant_id, time.monotonic_ns())

    def _of(self, kind: JobKind) -> list[Entry]:
        _, found = self._found.get(kind, (0.0, []))
        return found

    async def _due(self, kind: JobKind, now: float) -> list[Entry]:
        try:
            return await self._entries.due(kind, now, self._leases.held(kind, now))
        except BaseException:
            self._watch.again([kind])
            raise
