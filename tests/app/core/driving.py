"""A worker that drives jobs of a test's own making."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from app.core.access import Principal
from app.core.ids import new_id
from app.core.models import Job, JobKind, Lease
from app.core.ports import Enqueue, Ports
from app.core.work import Handler, Lane, Worker
from tests.app.core import acting

Doing = Callable[[Ports, Lease], Awaitable[None]]
LANE = (Lane((JobKind.INGEST,), 1),)


async def enqueue(ports: Ports, principal: Principal) -> Job:
    space_id = await acting.space(ports, principal)
    job = Job(
        id=new_id("job"),
        kind=JobKind.INGEST,
        tenant_id=principal.tenant_id,
        space_id=space_id,
        subject_id="doc_none",
        created_at=datetime.now(UTC),
    )
    await ports.records.commit(job.partition, Enqueue(job=job))
    return job


class Queue:
    """The queue of jobs, which tells when a worker has done with one and waits for others."""

    def __init__(self, jobs: Any, done: asyncio.Event) -> None:
        self._jobs = jobs
        self._done = done
        self.rests = asyncio.Event()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._jobs, name)

    async def wait(self, kinds: Sequence[JobKind], timeout_s: float) -> None:
        if self._done.is_set():
            self.rests.set()
        await self._jobs.wait(kinds, timeout_s)


async def run(ports: Ports, do: Doing, done: asyncio.Event, give_up: Doing | None = None) -> None:
    queue: Any = Queue(ports.jobs, done)
    worker = Worker(
        replace(ports, jobs=queue), {JobKind.INGEST: Handler(do, give_up)}, LANE, name="w"
    )
    running = asyncio.create_task(worker.run())
    try:
        await asyncio.wait_for(done.wait(), 60)
        await asyncio.wait_for(queue.rests.wait(), 60)  # what follows the event in the worker
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
