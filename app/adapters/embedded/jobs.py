"""The durable job queue, in the same database as the records, so that both change together."""

import asyncio
import math
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime

import orjson

from app.adapters import codec
from app.adapters.embedded import leases
from app.adapters.embedded.reader import Reader
from app.adapters.embedded.writer import Work, Writer
from app.core.models import DeadJob, Job, JobKind, Lease, Page

_POLL_S = 0.5  # how late the jobs that other processes enqueue are seen, at most
_DUE_IN = f"""
SELECT min(coalesce(
    (SELECT 0.0 FROM jobs WHERE kind = k.value AND {leases.DUE} ORDER BY due_at LIMIT 1),
    (SELECT due_at - :now FROM jobs WHERE kind = k.value ORDER BY due_at LIMIT 1)
)) FROM json_each(:kinds) k
"""  # noqa: S608 - constants only  # nosec B608
_DEPTH = f"""
SELECT count(*), coalesce(sum(held), 0), (SELECT count(*) FROM dead_jobs),
    min(enqueued_at) FILTER (WHERE NOT held)
FROM (SELECT token IS NOT NULL AND NOT {leases.DUE} AS held, enqueued_at FROM jobs)
"""  # noqa: S608 - constants only  # nosec B608
_WAITING = f"""
SELECT kind, count(*), min(enqueued_at) FROM jobs
WHERE token IS NULL OR {leases.DUE} GROUP BY kind
"""  # noqa: S608 - constants only  # nosec B608
_DEAD = """
SELECT body, attempts, reason, buried_at FROM dead_jobs
WHERE tenant = ? AND id > ? ORDER BY id LIMIT ?
"""


class Wakeup:
    """Tells the waiters of this process that jobs may have become claimable."""

    def __init__(self) -> None:
        self._waiting: set[asyncio.Future[None]] = set()

    def ring(self) -> None:
        """Wake everyone who waits."""
        for waiter in self._waiting:
            if not waiter.done():
                waiter.set_result(None)

    async def heard(self, timeout_s: float) -> None:
        """Return when it rings, at the latest after the timeout."""
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.add(waiter)
        try:
            await asyncio.wait({waiter}, timeout=timeout_s)
        finally:
            self._waiting.discard(waiter)


class SqliteJobQueue:
    """`JobQueue`: tenants take turns, and of a tenant's jobs the oldest comes first."""

    def __init__(
        self, writer: Writer, reader: Reader, wakeup: Wakeup, clock: Callable[[], float]
    ) -> None:
        self._writer = writer
        self._reader = reader
        self._wakeup = wakeup
        self._clock = clock

    async def claim(self, kinds: Sequence[JobKind], *, worker: str, lease_s: float) -> Lease | None:
        """Claim the next job of these kinds; the lease's token tells workers apart."""
        del worker
        if self._due_in(kinds) > 0:
            return None  # an idle worker must not take a turn with the writer
        holder = self._writer.process
        return await self._writer.run(
            lambda connection: leases.claim(connection, kinds, lease_s, self._clock(), holder)
        )

    async def wait(self, kinds: Sequence[JobKind], timeout_s: float) -> None:
        """Return at once for this process's jobs, within half a second for those of others."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + timeout_s
        while (pause := min(deadline - loop.time(), self._due_in(kinds))) > 0:
            await self._wakeup.heard(min(pause, _POLL_S))

    async def extend(self, lease: Lease, *, lease_s: float) -> Lease:
        """Keep a job; its token stays the same."""
        return await self._writer.run(
            lambda connection: leases.extend(connection, lease, lease_s, self._clock())
        )

    async def release(
        self, lease: Lease, *, delay_s: float, reason: str, counted: bool = True
    ) -> None:
        """Give a job back for others to claim after the delay."""
        rest = leases.Rest(delay_s, reason, counted)
        await self._changed(
            lambda connection: leases.release(connection, lease, rest, self._clock())
        )

    async def bury(self, lease: Lease, *, reason: str) -> None:
        """Move a job to the dead letters."""
        await self._changed(
            lambda connection: leases.bury(connection, lease, reason, self._clock())
        )

    async def dead(self, tenant_id: str, *, after: str | None, limit: int) -> Page[DeadJob]:
        """List dead jobs by ascending id."""
        rows = self._reader.rows(_DEAD, (tenant_id, after or "", limit + 1))
        items = tuple(
            DeadJob(
                job=codec.decode(Job, body),
                attempts=attempts,
                reason=reason,
                buried_at=datetime.fromtimestamp(buried_at, UTC),
            )
            for body, attempts, reason, buried_at in rows[:limit]
        )
        return Page(items, items[-1].job.id if len(rows) > limit else None)

    async def replay(self, tenant_id: str, job_id: str) -> bool:
        """Move a dead job back into the queue."""
        now = self._clock()
        return await self._changed(
            lambda connection: leases.replay(connection, tenant_id, job_id, now)
        )

    async def depth(self) -> Mapping[str, int]:
        """Count jobs; `oldest_s` is the age of the oldest one that nobody works on."""
        now = self._clock()
        [(total, running, dead, oldest)] = await self._reader.rows_aside(_DEPTH, {"now": now})
        age = 0 if oldest is None else max(0, round(now - oldest))
        return {"waiting": total - running, "running": running, "dead": dead, "oldest_s": age}

    async def waiting(self) -> Mapping[JobKind, tuple[int, int]]:
        """Count the jobs that nobody works on."""
        now = self._clock()
        rows = await self._reader.rows_aside(_WAITING, {"now": now})
        found = {
            JobKind(kind): (count, max(0, round(now - oldest))) for kind, count, oldest in rows
        }
        return {kind: found.get(kind, (0, 0)) for kind in JobKind}

    async def _changed(self, work: Work[bool] | Work[None]) -> bool:
        done = await self._writer.run(work)
        self._wakeup.ring()
        return bool(done)

    def _due_in(self, kinds: Sequence[JobKind]) -> float:
        """Return in how many seconds the next job is due: 0 when one is, infinity without any."""
        wanted = {"now": self._clock(), "kinds": orjson.dumps(kinds).decode()}
        row = self._reader.one(_DUE_IN, wanted)
        return math.inf if row is None or row[0] is None else float(row[0])
