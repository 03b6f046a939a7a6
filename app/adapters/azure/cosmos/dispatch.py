"""Telling workers of jobs: entries before a commit, a ring after it, and no entry once it ends.

What can't be done after a commit is left: an entry is a hint, and claiming puts it right.
"""

import asyncio
import logging
import time
from collections.abc import Mapping, Sequence

from app.adapters import codec
from app.adapters.azure.cosmos import items, lanes
from app.adapters.azure.cosmos.container import Item
from app.adapters.azure.cosmos.lanes import DEAD, Entry, Lanes
from app.adapters.azure.cosmos.leases import Leases
from app.adapters.azure.cosmos.watch import Watch
from app.core.errors import EvaError
from app.core.models import Job
from app.core.ports import Enqueue, Settle

_log = logging.getLogger("eva.azure")


class Dispatch:
    """The entries and the ringing of one process."""

    def __init__(self, entries: Lanes, watch: Watch, leases: Leases) -> None:
        self._entries = entries
        self._watch = watch
        self._leases = leases

    def item(self, change: Enqueue, now: float) -> Item:
        """Return the item of a job to be enqueued."""
        return items.job(change.job, change.lease, now, queued_now())

    async def announce(
        self, enqueued: Sequence[Enqueue], jobs: Mapping[str, Item]
    ) -> Sequence[Entry]:
        """Put up the jobs' entries; return those that were not there before."""
        wanted = [
            lanes.entry(
                one.job,
                jobs[one.job.id]["due_at"],
                jobs[one.job.id]["queued_at"],
                held=one.lease is not None,
            )
            for one in enqueued
        ]
        added = await asyncio.gather(*(self._entries.add(entry) for entry in wanted))
        return [entry for entry, new in zip(wanted, added, strict=True) if new]

    async def forget(self, announced: Sequence[Entry]) -> None:
        """Take down the entries of a commit that was refused."""
        for entry in announced:
            await self._removed(entry.lane, entry.tenant_id, entry.job_id)

    async def forget_jobs(self, portion: Sequence[Item]) -> None:
        """Take down the entries of those of these items that are jobs."""
        for item in portion:
            if item["kind"] in (items.JOB, items.DEAD_JOB):
                job = codec.decode(Job, item["body"])
                lane = job.kind.value if item["kind"] == items.JOB else DEAD
                await self._removed(lane, job.tenant_id, job.id)

    async def settled(self, changes: Sequence[Settle]) -> None:
        """Take down the entries of jobs that are done."""
        for change in changes:
            job = change.lease.job
            self._leases.end(job)
            await self._removed(job.kind.value, job.tenant_id, job.id)

    def ring(self, enqueued: Sequence[Enqueue]) -> None:
        """Tell those who wait; what was born under a lease is this process's own."""
        for kind in {change.job.kind for change in enqueued if change.lease is None}:
            self._watch.ring(kind)

    async def _removed(self, lane: str, tenant_id: str, job_id: str) -> None:
        try:
            await self._entries.remove(lane, tenant_id, job_id)
        except EvaError as error:
            _log.warning("an entry of work is left behind: %s", error.code)


def queued_now() -> str:
    """Return the time as a text that sorts, in nanoseconds."""
    return f"{time.time_ns():020d}"
