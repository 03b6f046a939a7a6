"""Where there may be work: an entry for each job, in a lane by kind. What an entry says is a hint.

The job itself lives with the records of its space and decides. Entries are written before their
job and removed after it; one that is wrong is put right by whoever follows it.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace

from app.adapters.azure.cosmos.container import Container
from app.core.models import Job, JobKind, Partition

DEAD = "~dead"
_LOOK = 50  # entries read at once
_FIELDS = "c.lane, c.tenant_id, c.space_id, c.job_id, c.due_at, c.held, c.queued_at"
_DUE = f"""
SELECT TOP {_LOOK} {_FIELDS} FROM c
WHERE c.due_at <= @now
AND NOT ARRAY_CONTAINS(@seen, c.tenant_id) AND NOT ARRAY_CONTAINS(@mine, c.job_id)
ORDER BY c.queued_at
"""  # noqa: S608 - constants only  # nosec B608
_OLDEST = """
SELECT TOP 1 VALUE c.queued_at FROM c
WHERE (c.held = false OR c.due_at <= @now) AND NOT ARRAY_CONTAINS(@mine, c.job_id)
ORDER BY c.queued_at
"""
_ALL = "SELECT VALUE COUNT(1) FROM c"
_RUNNING = """
SELECT VALUE COUNT(1) FROM c
WHERE c.held = true AND c.due_at > @now AND NOT ARRAY_CONTAINS(@mine, c.job_id)
"""
_BURIED = f"""
SELECT TOP @limit {_FIELDS} FROM c
WHERE c.tenant_id = @tenant AND c.job_id > @after ORDER BY c.job_id
"""  # noqa: S608 - constants only  # nosec B608


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """Where a job is, when it is due, and whether somebody has it."""

    lane: str
    tenant_id: str
    space_id: str
    job_id: str
    due_at: float
    held: bool
    queued_at: str  # sorts by time

    @property
    def partition(self) -> Partition:
        """Return where the job is."""
        return Partition(self.tenant_id, self.space_id)

    @property
    def id(self) -> str:
        """Return the id of the entry: jobs of two tenants may have the same one."""
        return f"{self.tenant_id}:{self.job_id}"


class Lanes:
    """The entries of all tenants' jobs."""

    def __init__(self, container: Container) -> None:
        self._container = container

    async def add(self, entry: Entry) -> bool:
        """Put an entry up; False if there is one already."""
        return await self._container.create({"id": entry.id, **asdict(entry)})

    async def set(self, entry: Entry) -> None:
        """Put an entry up or right."""
        await self._container.upsert({"id": entry.id, **asdict(entry)})

    async def remove(self, lane: str, tenant_id: str, job_id: str) -> None:
        """Take an entry down."""
        await self._container.delete((lane,), f"{tenant_id}:{job_id}")

    async def get(self, lane: str, tenant_id: str, job_id: str) -> Entry | None:
        """Return an entry."""
        found = await self._container.read((lane,), f"{tenant_id}:{job_id}")
        return None if found is None else _entry(found)

    async def due(self, kind: JobKind, now: float, mine: Sequence[Job]) -> list[Entry]:
        """Return entries that are due and not of `mine`, oldest first, some of each tenant."""
        given = {"@now": now, "@mine": [job.id for job in mine]}
        found: list[Entry] = []
        while True:
            seen = sorted({entry.tenant_id for entry in found})
            rows = await self._container.query((kind,), _DUE, {**given, "@seen": seen})
            found += map(_entry, rows)
            if len(rows) < _LOOK:
                return found

    async def depth(
        self, kind: JobKind, now: float, mine: Sequence[Job]
    ) -> tuple[int, int, str | None]:
        """Return how many jobs there are, how many somebody has, and the oldest that nobody has.

        Those that another process has held for less than a heartbeat count as nobody's.
        """
        given = {"@now": now, "@mine": [job.id for job in mine]}
        [total], [running], oldest = await asyncio.gather(
            self._container.query((kind,), _ALL),
            self._container.query((kind,), _RUNNING, given),
            self._container.query((kind,), _OLDEST, given),
        )
        return total, running + len(mine), next(iter(oldest), None)

    async def dead(self) -> int:
        """Return how many jobs were given up."""
        [total] = await self._container.query((DEAD,), _ALL)
        return int(total)

    async def buried(self, tenant_id: str, after: str, limit: int) -> Sequence[Entry]:
        """Return entries of a tenant's jobs that were given up, by the jobs' ids."""
        given = {"@tenant": tenant_id, "@after": after, "@limit": limit}
        return [_entry(row) for row in await self._container.query((DEAD,), _BURIED, given)]


def entry(job: Job, due_at: float, queued_at: str, *, held: bool) -> Entry:
    """Return the entry of a job."""
    return Entry(
        lane=job.kind.value,
        tenant_id=job.tenant_id,
        space_id=job.space_id,
        job_id=job.id,
        due_at=due_at,
        held=held,
        queued_at=queued_at,
    )


def grave(one: Entry) -> Entry:
    """Return the entry of the same job among those that were given up."""
    return replace(one, lane=DEAD, held=False)


def _entry(found: dict[str, object]) -> Entry:
    names = ("lane", "tenant_id", "space_id", "job_id", "due_at", "held", "queued_at")
    return Entry(**{name: found[name] for name in names})  # type: ignore[arg-type]
