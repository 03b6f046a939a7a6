"""What a process held when it died is free as soon as another opens the folder."""

import asyncio
import multiprocessing
import os
import signal
from datetime import UTC, datetime
from pathlib import Path

from app.adapters.embedded import open_store
from app.core.models import Job, JobKind
from app.core.ports import Enqueue

LEASE_S = 3600.0


def job(id_: str) -> Job:
    return Job(
        id=id_,
        kind=JobKind.INGEST,
        tenant_id="ten_a",
        space_id="spc_a",
        subject_id="doc_a",
        created_at=datetime.now(UTC),
    )


def claim_and_die(root: str) -> None:
    async def claim() -> None:
        async with open_store(Path(root)) as store:
            await store.records.commit(job("job_a").partition, Enqueue(job=job("job_a")))
            lease = await store.jobs.claim((JobKind.INGEST,), worker="w", lease_s=LEASE_S)
            assert lease is not None
            os.kill(os.getpid(), signal.SIGKILL)

    asyncio.run(claim())


async def test_the_job_of_a_killed_process_is_claimed_again_at_once(tmp_path: Path) -> None:
    process = multiprocessing.get_context("spawn").Process(
        target=claim_and_die, args=(str(tmp_path / "data"),)
    )
    process.start()
    await asyncio.to_thread(process.join)
    assert process.exitcode == -signal.SIGKILL
    async with open_store(tmp_path / "data") as store:
        lease = await store.jobs.claim((JobKind.INGEST,), worker="w", lease_s=LEASE_S)
        assert lease is not None
        assert (lease.job.id, lease.attempt) == ("job_a", 2)


async def test_the_job_of_a_living_process_stays_its_own(tmp_path: Path) -> None:
    async with open_store(tmp_path / "data") as first:
        await first.records.commit(job("job_a").partition, Enqueue(job=job("job_a")))
        lease = await first.jobs.claim((JobKind.INGEST,), worker="w", lease_s=LEASE_S)
        assert lease is not None
        async with open_store(tmp_path / "data") as second:
            assert await second.jobs.claim((JobKind.INGEST,), worker="w", lease_s=1) is None
        await first.jobs.extend(lease, lease_s=LEASE_S)
