"""`AuditLog`: events of changes lie with what they changed, those of requests by tenant and day.

Listing asks each of a tenant's partitions and merges, oldest first. Two processes' events are in
the order of their clocks; one that is written late may come before where a reader already is.
"""

import asyncio
import heapq
import itertools
import re
import time
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import UTC, datetime

from app.adapters import audited
from app.adapters.azure.cosmos import items, trail
from app.adapters.azure.cosmos.chains import Chains, event
from app.adapters.azure.cosmos.checkpoints import Checkpoints
from app.adapters.azure.cosmos.container import BatchRefusedError, Container, Item, Place
from app.adapters.azure.cosmos.directory import Directory
from app.adapters.azure.cosmos.sealing import Seal
from app.adapters.noting import Notes
from app.core import audit
from app.core.errors import BadCursorError, EvaError, StaleEtagError, UnavailableError
from app.core.models import Page
from app.core.models.auditing import AuditEvent, Checkpoint
from app.core.ports.auditing import AuditFilter, Noted

SEAL_S = 60.0
_BATCH = 100  # operations of one
_GATHER_S = 0.1  # a write is a request of its own, and is charged for
_AT_ONCE = 8  # partitions asked at a time
_POSITION = re.compile(r"[0-9T:.+-]{32}:[0-9a-f]{16}-\d+:\d{12}")


class CosmosAuditLog:
    """The trail of one process, in chains of its own."""

    def __init__(
        self,
        held: tuple[Container, Container],
        directory: Directory,
        chains: Chains,
        seal: Seal,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._records, self._requests = held
        self._directory = directory
        self._chains = chains
        self._seal = seal
        self._clock = clock
        self._checkpoints = Checkpoints(self._requests, seal)
        self._sealed_at = -SEAL_S
        self._notes = Notes(self._written, _BATCH, _GATHER_S)

    def note(self, noted: Noted) -> None:
        """Keep an event for the next write."""
        self._notes.add(noted)

    async def flush(self) -> None:
        """Wait for the write that is under way."""
        await self._notes.flush()

    async def close(self) -> None:
        """Write what waits; give up if that can't be done."""
        await self._notes.close()

    async def events(
        self, tenant_id: str, wanted: AuditFilter, *, after: str | None, limit: int
    ) -> Page[AuditEvent]:
        """Read the tenant's events by their time."""
        if after is not None and not _POSITION.fullmatch(after):
            raise BadCursorError
        sql, parameters = trail.page(wanted, after or "", limit + 1)
        since = (after or "")[:10]  # events of a day lie on it: earlier days hold none behind it
        parts: list[list[Item]] = []
        places = await self._places(tenant_id, since)
        for start in range(0, len(places), _AT_ONCE):
            some = places[start : start + _AT_ONCE]
            asked = (container.query(place, sql, parameters) for container, place in some)
            parts += await asyncio.gather(*asked)
        merged = heapq.merge(*parts, key=lambda item: item["position"])
        found = [trail.told(tenant_id, item) for item in itertools.islice(merged, limit + 1)]
        return Page(tuple(found[:limit]), found[limit - 1].id if len(found) > limit else None)

    async def erase_personal(self, tenant_id: str, actor: str) -> int:
        """Delete salts and payloads; the commitments stay."""
        erased = 0
        for container, place in await self._places(tenant_id):
            given = {"@kind": items.EVENT, "@actor": actor}
            for row in await container.query(place, trail.PERSONAL, given):
                erased += await _erased(container, place, row["id"])
        return erased

    async def seal(self) -> Checkpoint | None:
        """Sign the heads of this process's chains, once a minute."""
        now = self._clock()
        if 0 <= now - self._sealed_at < SEAL_S:
            return None
        made = await self._checkpoints.write(self._chains, now)
        self._sealed_at = now
        return made

    async def verify(self) -> audit.Report:
        """Check everything; reads every event of every tenant."""
        copies = await self._seal.copies()
        stored = await self._checkpoints.all()
        rows = [row async for row in self._all()]
        rows.sort(key=lambda row: (row["writer"], row["seq"]))
        holds = await self._seal.verifier()
        report = audit.verify(map(trail.link, rows), stored, copies, holds)
        report.problems += [problem for row in rows for problem in trail.misfiled(row)]
        return report

    async def _all(self) -> AsyncIterator[Item]:
        for tenant_id in await self._directory.tenants():
            for container, place in await self._places(tenant_id):
                for row in await container.query(place, trail.ALL, {"@kind": items.EVENT}):
                    yield row

    async def _places(self, tenant_id: str, since: str = "") -> list[tuple[Container, Place]]:
        spaces = await self._directory.places(tenant_id)
        days = await self._directory.shelf(f"days:{tenant_id}")
        return [(self._records, items.place(one)) for one in spaces] + [
            (self._requests, (tenant_id, day)) for day in days if day >= since
        ]

    async def _written(self, batch: Sequence[Noted]) -> Sequence[Noted]:
        by_tenant: dict[str, list[Noted]] = {}
        for one in batch:
            by_tenant.setdefault(one.tenant_id, []).append(one)
        left: list[Noted] = []
        for tenant_id, some in by_tenant.items():
            try:
                await self._append(tenant_id, some)
            except EvaError:  # it can't be written now
                left += some
        return left

    async def _append(self, tenant_id: str, batch: Sequence[Noted]) -> None:
        """Store events of requests as one batch, chained; the first proves the others."""
        day = datetime.now(UTC).date().isoformat()
        await self._directory.enter("tenants", tenant_id)
        await self._directory.enter(f"days:{tenant_id}", day)
        place = (tenant_id, day)
        with self._chains.lend(place) as chain:
            chained = []
            for one in batch:
                home = {"tenant_id": tenant_id, "day": day}
                made = event(chain, audited.requested(one), one.personal, home)
                chain.seq, chain.head = made["seq"], made["hash"]
                chained.append(made)
            try:
                await self._requests.batch(place, [("create", (made,)) for made in chained])
            except BatchRefusedError as refused:
                if refused.index > 0 or refused.status != 409:  # noqa: PLR2004 - it is there
                    raise UnavailableError(dependency="audit", retry_after=1) from refused
            self._chains.grew(chain, chained[-1])


async def _erased(container: Container, place: Place, id_: str) -> bool:
    while (item := await container.read(place, id_)) is not None and item["personal"]:
        item |= {"salt": None, "payload": None, "personal": False}
        try:
            await container.replace(place, item)
        except StaleEtagError:
            continue
        return True
    return False
