"""A worker that drives jobs of a test's own making."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

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


async def run(ports: Ports, do: Doing, done: asyncio.Event, give_up: Doing | None = None) -> None:
    worker = Worker(ports, {JobKind.INGEST: Handler(do, give_up)}, LANE, name="w")
    running = asyncio.create_task(worker.run())
    try:
        await asyncio.wait_for(done.wait(), 20)
        await asyncio.sleep(0.2)  # what follows the event in the worker
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
