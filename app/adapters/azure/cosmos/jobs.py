"""`JobQueue`: jobs among the records of their space, found by entries in lanes.

A lease is a token in the job's item, changed only by the tag that was read. Tenants take turns:
the one with the fewest running jobs first, among equals the one that this process served longest
ago; of a tenant's jobs the oldest.
"""

import asyncio
import secrets
import time
from collections import Counter, OrderedDict, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from app.adapters import codec
from app.adapters.azure.cosmos import items
from app.adapters.azure.cosmos.container import Container, Item
from app.adapters.azure.cosmos.lanes import DEAD, Entry, Lanes, entry, grave
from app.adapters.azure.cosmos.watch import Watch
from app.core.errors import LeaseLostError, StaleEtagError
from app.core.models import DeadJob, Job, JobKind, Lease, Page

_ABANDONED_S = 120.0  # after which an entry without a job is one whose commit never came
_REST_S = 1.0  # of an entry whose job is not there yet
_MOST_SERVED = 10_000
_TRIES = 10  # of a change of a lease that its own heartbeat meets


class CosmosJobQueue:
    """Jobs of all tenants."""

    def __init__(
        self,
        container: Container,
        entries: Lanes,
        watch: Watch,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._container = container
        self._entries = entries
        self._watch = watch
        self._clock = clock
        self._served: OrderedDict[str, int] = OrderedDict()
        self._turn = asyncio.Lock()  # of this process's workers, who would all want the same job

    async def claim(self, kinds: Sequence[JobKind], *, worker: str, lease_s: float) -> Lease | None:
        """Claim the next job of these kinds; the lease's token tells workers apart."""
        del worker
        async with self._turn:
            if await self._watch.due_in(kinds) > 0:
                return None
            for found in await self._in_turn(kinds):
                if (lease := await self._taken(found, lease_s)) is not None:
                    self._remember(found.tenant_id)
                    return lease
            self._watch.again(kinds)
        return None

    async def wait(self, kinds: Sequence[JobKind], timeout_s: float) -> None:
        """Return at a ring, or within a second of a job that nobody rang for."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + timeout_s
        while (pause := min(deadline - loop.time(), await self._watch.due_in(kinds))) > 0:
            await self._watch.heard(kinds, pause)

    async def extend(self, lease: Lease, *, lease_s: float) -> Lease:
        """Keep a job; its token stays the same."""
        due_at = self._clock() + lease_s
        item = await self._changed(lease, {"due_at": due_at})
        await self._entries.set(_of(item, held=True))
        return replace(lease, expires_at=_time(due_at))

    async def release(
        self, lease: Lease, *, delay_s: float, reason: str, counted: bool = True
    ) -> None:
        """Give a job back for others to claim after the delay."""
        due_at, attempts = self._clock() + delay_s, lease.attempt - (not counted)
        changed = {"token": None, "due_at": due_at, "attempts": attempts, "reason": reason}
        item = await self._changed(lease, changed)
        await self._entries.set(_of(item, held=False))
        self._watch.ring(lease.job.kind)

    async def bury(self, lease: Lease, *, reason: str) -> None:
        """Give a job up: it stays where it is, and its entry moves among the dead."""
        now = self._clock()
        mine = _of(await self._held(lease), held=False)
        await self._entries.set(grave(mine))
        await self._changed(lease, {"kind": items.DEAD_JOB, "reason": reason, "buried_at": now})
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
        now = self._clock()
        counted = await asyncio.gather(*(self._entries.depth(kind, now) for kind in JobKind))
        running = sum(held for _, held, _ in counted)
        oldest = min((at for *_, at in counted if at is not None), default=None)
        age = 0 if oldest is None else max(0, round(time.time() - int(oldest) / 1e9))
        waiting = sum(total for total, *_ in counted) - running
        dead = await self._entries.dead()
        return {"waiting": waiting, "running": running, "dead": dead, "oldest_s": age}

    async def waiting(self) -> Mapping[JobKind, tuple[int, int]]:
        """Count the entries that nobody works on."""
        now = self._clock()
        counted = await asyncio.gather(*(self._entries.depth(kind, now) for kind in JobKind))
        at = time.time()
        return {
            kind: (total - held, 0 if oldest is None else max(0, round(at - int(oldest) / 1e9)))
            for kind, (total, held, oldest) in zip(JobKind, counted, strict=True)
        }

    async def _in_turn(self, kinds: Sequence[JobKind]) -> list[Entry]:
        """Return what is due: the first of each tenant in turn, then their second, and so on."""
        now = self._clock()
        due = await asyncio.gather(*(self._entries.due(kind, now) for kind in kinds))
        held = await asyncio.gather(*(self._entries.holders(kind, now) for kind in kinds))
        running = Counter(tenant for some in held for tenant in some)
        mine: defaultdict[str, list[Entry]] = defaultdict(list)
        for one in sorted((e for some in due for e in some), key=lambda e: e.queued_at):
            mine[one.tenant_id].append(one)
        order = sorted(mine, key=lambda tenant: (running[tenant], self._served.get(tenant, 0)))
        longest = max(map(len, mine.values()), default=0)
        return [mine[t][n] for n in range(longest) for t in order if n < len(mine[t])]

    async def _taken(self, found: Entry, lease_s: float) -> Lease | None:
        """Claim an entry's job; put the entry right if it is wrong."""
        now = self._clock()
        item = await self._item(found)
        if item is None or item["kind"] != items.JOB:
            await self._without_job(found, now)
            return None
        if item["due_at"] > now:
            await self._entries.set(_of(item, held=item["token"] is not None))
            return None
        due_at, attempt = now + lease_s, item["attempts"] + 1
        item |= {"token": secrets.token_hex(8), "due_at": due_at, "attempts": attempt}
        try:
            await self._container.replace((found.tenant_id, found.space_id), item)
        except StaleEtagError:
            return None
        await self._entries.set(_of(item, held=True))
        job = codec.decode(Job, item["body"])
        return Lease(job=job, token=item["token"], attempt=attempt, expires_at=_time(due_at))

    async def _without_job(self, found: Entry, now: float) -> None:
        """Let an entry rest whose commit may be under way, and take down one that is old.

        One that was held stood for a lease, which has run out since: its job is done.
        """
        if found.held or time.time() - int(found.queued_at) / 1e9 > _ABANDONED_S:
            await self._entries.remove(found.lane, found.tenant_id, found.job_id)
        else:
            await self._entries.set(replace(found, due_at=now + _REST_S))

    async def _held(self, lease: Lease) -> Item:
        """Return the item of a job that is held under this lease; raises LeaseLostError."""
        job = lease.job
        place = items.place(job.partition)
        found = await self._container.read(place, items.job_id(job.id))
        if found is None or found["kind"] != items.JOB or found["token"] != lease.token:
            raise LeaseLostError
        return found

    async def _changed(self, lease: Lease, members: Item) -> Item:
        """Change a job that is held under this lease; raises LeaseLostError."""
        for _ in range(_TRIES):
            item = await self._held(lease) | members
            try:
                await self._container.replace(items.place(lease.job.partition), item)
            except StaleEtagError:
                continue
            return item
        raise LeaseLostError

    async def _item(self, found: Entry) -> Item | None:
        return await self._container.read(items.place(found.partition), items.job_id(found.job_id))

    def _remember(self, tenant_id: str) -> None:
        self._served[tenant_id] = time.monotonic_ns()
        self._served.move_to_end(tenant_id)
        if len(self._served) > _MOST_SERVED:
            self._served.popitem(last=False)


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
