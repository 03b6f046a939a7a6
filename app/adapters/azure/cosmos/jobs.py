"""`JobQueue`: jobs among the records of their space, found by entries in lanes.

A lease is a token in the job's item, changed only by the tag that was read.
"""

import asyncio
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from app.adapters import codec
from app.adapters.azure.cosmos import items
from app.adapters.azure.cosmos.container import Container, Item
from app.adapters.azure.cosmos.lanes import DEAD, Entry, Lanes, entry, grave
from app.adapters.azure.cosmos.leases import Leases
from app.adapters.azure.cosmos.turns import Turns
from app.adapters.azure.cosmos.watch import Watch
from app.core.errors import LeaseLostError, StaleEtagError
from app.core.models import DeadJob, Job, JobKind, Lease, Page

_ABANDONED_S = 120.0  # after which an entry without a job is one whose commit never came
_REST_S = 1.0  # of an entry whose job is not there yet, at first; then as long as it is old
_TRIES = 10  # of a change of a lease that its own heartbeat meets


class CosmosJobQueue:
    """Jobs of all tenants."""

    def __init__(
        self,
        container: Container,
        entries: Lanes,
        watch: Watch,
        leases: Leases,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._container = container
        self._entries = entries
        self._watch = watch
        self._leases = leases
        self._clock = clock
        self._turns = Turns(entries, watch, leases, clock)
        self._turn = asyncio.Lock()  # of this process's workers, who would all want the same job

    async def claim(self, kinds: Sequence[JobKind], *, worker: str, lease_s: float) -> Lease | None:
        """Claim the next job of these kinds; the lease's token tells workers apart."""
        del worker
        async with self._turn:
            await self._turns.look(kinds)
            while (found := self._turns.next(kinds)) is not None:
                if (lease := await self._taken(found, lease_s)) is not None:
                    self._turns.served(found.tenant_id)
                    self._watch.wake(self._turns.left(kinds))
                    return lease
        return None

    async def wait(self, kinds: Sequence[JobKind], timeout_s: float) -> None:
        """Return at a ring, or when it is time to look for jobs that nobody rang for."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + timeout_s
        while (left_s := deadline - loop.time()) > 0:
            async with self._turn:
                await self._turns.look(kinds)
            if self._turns.left(kinds):
                return
            await self._watch.heard(kinds, min(left_s, self._watch.due_in(kinds)))

    async def extend(self, lease: Lease, *, lease_s: float) -> Lease:
        """Keep a job; its token stays the same."""
        due_at = self._clock() + lease_s
        item = await self._changed(lease, {"due_at": due_at})
        longer = replace(lease, expires_at=_time(due_at))
        self._leases.hold(longer, items.bare(item["_etag"]))
        await self._entries.set(_of(item, held=True))
        return longer

    async def release(
        self, lease: Lease, *, delay_s: float, reason: str, counted: bool = True
    ) -> None:
        """Give a job back for others to claim after the delay."""
        due_at, attempts = self._clock() + delay_s, lease.attempt - (not counted)
        changed = {"token": None, "due_at": due_at, "attempts": attempts, "reason": reason}
        item = await self._changed(lease, changed)
        await self._entries.set(_of(item, held=False))
        self._leases.rest(lease.job, due_at)

    async def bury(self, lease: Lease, *, reason: str) -> None:
        """Give a job up: it stays where it is, and its entry moves among the dead."""
        now = self._clock()
        mine = _of(await self._held(lease), held=False)
        await self._entries.set(grave(mine))
        await self._changed(lease, {"kind": items.DEAD_JOB, "reason": reason, "buried_at": now})
        self._leases.end(lease.job)
        await self._entries.remove(mine.lane, mine.tenant_id, mine.job_id)

    async def dead(self, tenant_id: str, *, after: str | None, limit: int) -> Page[DeadJob]:
        """List dead jobs by ascending id."""
        found = await self._entries.buried(tenant_id, after or "", limit + 1)
        read = await asyncio.gather(*(self._item(one) for one in found[:limit]))
        dead = tuple(_dead(item) for item in read if item and item["kind"] == items.DEAD_JOB)
        return Page(dead, found[limit - 1].job_id if len(found) > limit else None)

    async def replay(self, tenant_id: str, job_id: str) -> bool:
        """Move a dead job back into the queue."""
        found = await self._entries.get(DEAD, tenant_id, job_id)
        item = None if found is None else await self._item(found)
        if item is None or item["kind"] != items.DEAD_JOB:
            return False
        fresh = {"kind": items.JOB, "token": None, "attempts": 0, "due_at": self._clock()}
        item |= {**fresh, "queued_at": f"{time.time_ns():020d}"}
        kind = codec.decode(Job, item["body"]).kind
        await self._entries.set(_of(item, held=False))
        try:
            await self._container.replace((tenant_id, item["space_id"]), item)
        except StaleEtagError:  # somebody else replays it
            return False
        await self._entries.remove(DEAD, tenant_id, job_id)
        self._watch.ring(kind)
        return True

    async def depth(self) -> Mapping[str, int]:
        """Count entries; `oldest_s` is the age of the oldest job that nobody works on."""
        counted = await self._depths()
        running = sum(held for _, held, _ in counted)
        oldest = min((at for *_, at in counted if at is not None), default=None)
        age = 0 if oldest is None else max(0, round(time.time() - int(oldest) / 1e9))
        waiting = sum(total for total, *_ in counted) - running
        dead = await self._entries.dead()
        return {"waiting": waiting, "running": running, "dead": dead, "oldest_s": age}

    async def waiting(self) -> Mapping[JobKind, tuple[int, int]]:
        """Count the entries that nobody works on."""
        counted = await self._depths()
        at = time.time()
        return {
            kind: (total - held, 0 if oldest is None else max(0, round(at - int(oldest) / 1e9)))
            for kind, (total, held, oldest) in zip(JobKind, counted, strict=True)
        }

    async def _depths(self) -> Sequence[tuple[int, int, str | None]]:
        now = self._clock()
        return await asyncio.gather(
            *(self._entries.depth(kind, now, self._leases.held(kind, now)) for kind in JobKind)
        )

    async def _taken(self, found: Entry, lease_s: float) -> Lease | None:
        """Claim an entry's job; put the entry right if it is wrong."""
        now = self._clock()
        item = await self._item(found)
        if item is None or item["kind"] != items.JOB:
            await self._without_job(found, now)
            return None
        if item["due_at"] > now:
            self._leases.rest(codec.decode(Job, item["body"]), item["due_at"])
            await self._entries.set(_of(item, held=item["token"] is not None))
            return None
        due_at, attempt = now + lease_s, item["attempts"] + 1
        item |= {"token": secrets.token_hex(8), "due_at": due_at, "attempts": attempt}
        try:
            now_is = await self._container.replace((found.tenant_id, found.space_id), item)
        except StaleEtagError:
            return None
        job, token = codec.decode(Job, item["body"]), str(item["token"])
        lease = Lease(job=job, token=token, attempt=attempt, expires_at=_time(due_at))
        self._leases.hold(lease, items.bare(now_is["_etag"]))
        return lease

    async def _without_job(self, found: Entry, now: float) -> None:
        """Let an entry rest whose commit may be under way, and take down one that is old.

        One that was held stood for a lease, which has run out since: its job is done.
        """
        age_s = time.time() - int(found.queued_at) / 1e9
        if found.held or age_s > _ABANDONED_S:
            await self._entries.remove(found.lane, found.tenant_id, found.job_id)
        else:
            await self._entries.set(replace(found, due_at=now + max(_REST_S, age_s)))

    async def _held(self, lease: Lease) -> Item:
        """Return the item of a job that is held under this lease; raises LeaseLostError."""
        job = lease.job
        place = items.place(job.partition)
        found = await self._container.read(place, items.job_id(job.id))
        if found is None or found["kind"] != items.JOB or found["token"] != lease.token:
            self._leases.end(job)
            raise LeaseLostError
        return found

    async def _changed(self, lease: Lease, members: Item) -> Item:
        """Change a job that is held under this lease; raises LeaseLostError."""
        for _ in range(_TRIES):
            item = await self._held(lease) | members
            try:
                return await self._container.replace(items.place(lease.job.partition), item)
            except StaleEtagError:
                continue
        raise LeaseLostError

    async def _item(self, found: Entry) -> Item | None:
        return await self._container.read(items.place(found.partition), items.job_id(found.job_id))


def _of(item: Item, *, held: bool) -> Entry:
    job = codec.decode(Job, item["body"])
    return entry(job, item["due_at"], item["queued_at"], held=held)


def _dead(item: Item) -> DeadJob:
    return DeadJob(
        job=codec.decode(Job, item["body"]),
        attempts=item["attempts"],
        reason=item["reason"],
        buried_at=_time(item["buried_at"]),
    )


def _time(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
