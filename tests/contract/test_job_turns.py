import asyncio

from app.core.models import Job, JobKind, Lease, Partition
from app.core.ports import Enqueue, Settle
from tests.contract.backends import Storage
from tests.contract.sample import a_job

INGEST = (JobKind.INGEST,)
SHORT_S = 0.05  # a lease that runs out while a test waits


async def _enqueue(storage: Storage, partition: Partition, kind: JobKind = JobKind.INGEST) -> Job:
    job = a_job(partition, kind)
    await storage.records.commit(partition, Enqueue(job=job))
    return job


async def _claim(storage: Storage, lease_s: float = 30) -> Lease:
    lease = await storage.jobs.claim(INGEST, worker="w", lease_s=lease_s)
    assert lease is not None
    return lease


async def _nothing_to_claim(storage: Storage) -> bool:
    return await storage.jobs.claim(INGEST, worker="w", lease_s=30) is None


async def test_a_tenants_backlog_does_not_starve_another_tenant(
    storage: Storage, space: Partition, stranger: Partition
) -> None:
    for _ in range(30):
        await _enqueue(storage, space)
    single = await _enqueue(storage, stranger)
    first, second = await _claim(storage), await _claim(storage)
    assert single in (first.job, second.job)


async def test_a_single_worker_serves_tenants_in_turn(
    storage: Storage, space: Partition, stranger: Partition
) -> None:
    for place in (space, space, space, stranger, stranger, stranger):
        await _enqueue(storage, place)
    served = []
    for _ in range(6):
        lease = await _claim(storage)
        served.append(lease.job.tenant_id)
        await storage.records.commit(lease.job.partition, Settle(lease=lease))
    assert served[0::2].count(served[0]) == 3
    assert served[1::2].count(served[1]) == 3
    assert served[0] != served[1]


async def test_a_tenant_that_comes_back_again_and_again_does_not_starve_a_backlog(
    storage: Storage, space: Partition, stranger: Partition
) -> None:
    for _ in range(10):
        await _enqueue(storage, space)
    served = []
    for _ in range(8):
        await _enqueue(storage, stranger)
        lease = await _claim(storage)
        served.append(lease.job.tenant_id)
        await storage.records.commit(lease.job.partition, Settle(lease=lease))
    assert served.count(space.tenant_id) >= 3
    assert served.count(stranger.tenant_id) >= 3


async def test_a_tenant_with_more_running_jobs_waits_for_one_with_fewer(
    storage: Storage, space: Partition, stranger: Partition
) -> None:
    for _ in range(4):
        await _enqueue(storage, space)
    for _ in range(2):
        await _claim(storage)
    for _ in range(2):
        await _enqueue(storage, stranger)
    assert [(await _claim(storage)).job.tenant_id for _ in range(3)] == [
        stranger.tenant_id,
        stranger.tenant_id,
        space.tenant_id,
    ]


async def test_concurrent_workers_never_share_a_job(storage: Storage, space: Partition) -> None:
    jobs = [await _enqueue(storage, space) for _ in range(12)]
    claimed = await asyncio.gather(
        *(storage.jobs.claim(INGEST, worker=f"w{n}", lease_s=30) for n in range(20))
    )
    ids = [lease.job.id for lease in claimed if lease is not None]
    assert sorted(ids) == sorted(job.id for job in jobs)


async def test_depth_counts_what_waits_runs_and_is_dead(storage: Storage, space: Partition) -> None:
    assert await storage.jobs.depth() == {"waiting": 0, "running": 0, "dead": 0, "oldest_s": 0}
    for _ in range(4):
        await _enqueue(storage, space)
    await storage.jobs.bury(await _claim(storage), reason="because")
    await _claim(storage)
    depth = await storage.jobs.depth()
    waiting = await storage.jobs.waiting()
    assert set(waiting) == set(JobKind), "a kind without jobs is told of too"
    assert sum(number for number, _ in waiting.values()) == 2
    assert all(0 <= age < 60 for _, age in waiting.values())
    assert (depth["waiting"], depth["running"], depth["dead"]) == (2, 1, 1)
    assert 0 <= depth["oldest_s"] < 60


async def test_a_job_whose_lease_ran_out_counts_as_waiting(
    storage: Storage, space: Partition
) -> None:
    await _enqueue(storage, space)
    await _claim(storage, SHORT_S)
    await asyncio.sleep(2 * SHORT_S)
    depth = await storage.jobs.depth()
    assert (depth["waiting"], depth["running"]) == (1, 0)


async def test_waiting_ends_when_a_job_is_enqueued(storage: Storage, space: Partition) -> None:
    waiting = asyncio.create_task(storage.jobs.wait(INGEST, 600))
    await asyncio.sleep(0.01)
    assert not waiting.done()
    await _enqueue(storage, space)
    await asyncio.wait_for(waiting, 60)  # far less than the wait asked for
    await _claim(storage)


async def test_waiting_ends_at_once_when_there_is_a_job(storage: Storage, space: Partition) -> None:
    await _enqueue(storage, space)
    await asyncio.wait_for(storage.jobs.wait(INGEST, 600), 60)
    await _claim(storage)


async def test_waiting_ends_when_a_lease_runs_out(storage: Storage, space: Partition) -> None:
    await _enqueue(storage, space)
    await _claim(storage, SHORT_S)
    await asyncio.wait_for(storage.jobs.wait(INGEST, 600), 60)
    assert (await _claim(storage)).attempt == 2


async def test_waiting_ends_at_its_timeout(storage: Storage) -> None:
    await asyncio.wait_for(storage.jobs.wait(INGEST, SHORT_S), 60)
    assert await _nothing_to_claim(storage)
