import asyncio
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from app.core.errors import ConflictError, LeaseLostError
from app.core.ids import new_id
from app.core.kinds import DOCUMENTS
from app.core.models import Job, JobKind, Lease, Partition
from app.core.ports import Enqueue, Put, Settle
from tests.contract.backends import Storage
from tests.contract.sample import a_document, a_job, minted

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


async def _claimed(storage: Storage) -> Lease | None:
    return await storage.jobs.claim(INGEST, worker="w", lease_s=30)


async def _nothing_to_claim(storage: Storage) -> bool:
    return await _claimed(storage) is None


async def test_a_job_is_claimed_whole_and_once(storage: Storage, space: Partition) -> None:
    job = await _enqueue(storage, space)
    lease = await _claim(storage)
    assert (lease.job, lease.attempt) == (job, 1)
    assert lease.expires_at > datetime.now(UTC)
    assert await _nothing_to_claim(storage)


async def test_a_job_is_enqueued_with_its_commit(storage: Storage, space: Partition) -> None:
    document = a_document(space)
    job = a_job(space)
    await storage.records.commit(space, Put(kind=DOCUMENTS, value=document), Enqueue(job=job))
    assert (await _claim(storage)).job == job


async def test_a_job_id_is_enqueued_once(storage: Storage, space: Partition) -> None:
    job = await _enqueue(storage, space)
    document = a_document(space)
    with pytest.raises(ConflictError):
        await storage.records.commit(space, Put(kind=DOCUMENTS, value=document), Enqueue(job=job))
    assert await storage.records.get(DOCUMENTS, space, document.id) is None


async def test_only_jobs_of_the_kinds_asked_for_are_claimed(
    storage: Storage, space: Partition
) -> None:
    await _enqueue(storage, space, JobKind.ANSWER)
    assert await _nothing_to_claim(storage)
    both = (JobKind.INGEST, JobKind.ANSWER)
    assert await storage.jobs.claim(both, worker="w", lease_s=5) is not None


async def test_jobs_of_a_tenant_are_claimed_oldest_first(
    storage: Storage, space: Partition
) -> None:
    jobs = [await _enqueue(storage, space) for _ in range(4)]
    assert [(await _claim(storage)).job.id for _ in jobs] == [job.id for job in jobs]


async def test_a_settled_job_is_gone(storage: Storage, space: Partition) -> None:
    await _enqueue(storage, space)
    lease = await _claim(storage, SHORT_S)
    await storage.records.commit(space, Settle(lease=lease))
    await asyncio.sleep(2 * SHORT_S)
    assert await _nothing_to_claim(storage)
    with pytest.raises(LeaseLostError):
        await storage.records.commit(space, Settle(lease=lease))


async def test_a_job_whose_lease_ran_out_is_claimed_again_and_counted(
    storage: Storage, space: Partition
) -> None:
    await _enqueue(storage, space)
    first = await _claim(storage, SHORT_S)
    await asyncio.sleep(2 * SHORT_S)
    second = await _claim(storage)
    assert second.job == first.job
    assert second.token != first.token
    assert second.attempt == 2


async def test_whoever_lost_a_lease_can_write_nothing(storage: Storage, space: Partition) -> None:
    await _enqueue(storage, space)
    lost = await _claim(storage, SHORT_S)
    await asyncio.sleep(2 * SHORT_S)
    newest = await _claim(storage)
    document = a_document(space)
    with pytest.raises(LeaseLostError):
        await storage.records.commit(space, Put(kind=DOCUMENTS, value=document), Settle(lease=lost))
    assert await storage.records.get(DOCUMENTS, space, document.id) is None
    with pytest.raises(LeaseLostError):
        await storage.jobs.extend(lost, lease_s=30)
    with pytest.raises(LeaseLostError):
        await storage.jobs.release(lost, delay_s=0, reason="late")
    with pytest.raises(LeaseLostError):
        await storage.jobs.bury(lost, reason="late")
    await storage.records.commit(space, Put(kind=DOCUMENTS, value=document), Settle(lease=newest))
    assert await storage.records.get(DOCUMENTS, space, document.id) is not None


async def test_a_lease_that_ran_out_but_was_not_claimed_by_another_still_holds(
    storage: Storage, space: Partition
) -> None:
    await _enqueue(storage, space)
    lease = await _claim(storage, SHORT_S)
    await asyncio.sleep(2 * SHORT_S)
    await storage.records.commit(space, Settle(lease=lease))
    assert await _nothing_to_claim(storage)


async def test_a_heartbeat_keeps_a_job(storage: Storage, space: Partition) -> None:
    await _enqueue(storage, space)
    lease = await _claim(storage, SHORT_S)
    longer = await storage.jobs.extend(lease, lease_s=30)
    await asyncio.sleep(2 * SHORT_S)
    assert await _nothing_to_claim(storage)
    assert longer.expires_at > lease.expires_at
    await storage.records.commit(space, Settle(lease=lease))  # either lease object will do


async def test_a_job_may_be_born_under_its_callers_lease(
    storage: Storage, space: Partition
) -> None:
    job = a_job(space)
    expires = datetime.now(UTC) + timedelta(seconds=30)
    lease = minted(job, expires)
    await storage.records.commit(space, Enqueue(job=job, lease=lease))
    assert await _nothing_to_claim(storage)
    assert (await storage.jobs.depth())["running"] == 1
    await storage.records.commit(space, Settle(lease=lease))
    assert (await storage.jobs.depth())["running"] == 0


async def test_a_job_born_under_a_lease_that_ran_out_is_claimed_by_another(
    storage: Storage, space: Partition
) -> None:
    job = a_job(space)
    past = datetime.now(UTC) - timedelta(seconds=1)
    lease = minted(job, past)
    await storage.records.commit(space, Enqueue(job=job, lease=lease))
    assert (await _claim(storage)).attempt == 2
    with pytest.raises(LeaseLostError):
        await storage.records.commit(space, Settle(lease=lease))


async def test_a_released_job_rests_for_the_delay(storage: Storage, space: Partition) -> None:
    await _enqueue(storage, space)
    lease, began = await _claim(storage), time.time()
    await storage.jobs.release(lease, delay_s=10 * SHORT_S, reason="later")
    while (again := await _claimed(storage)) is None:  # noqa: ASYNC110 - nothing tells
        await asyncio.sleep(SHORT_S)
    assert time.time() - began >= 10 * SHORT_S
    assert again.attempt == 2


async def test_an_attempt_that_is_not_counted_was_none(storage: Storage, space: Partition) -> None:
    await _enqueue(storage, space)
    for _ in range(3):
        lease = await _claim(storage)
        assert lease.attempt == 1
        await storage.jobs.release(lease, delay_s=0, reason="unavailable", counted=False)
    await storage.jobs.release(await _claim(storage), delay_s=0, reason="its own fault")
    assert (await _claim(storage)).attempt == 2


async def test_a_buried_job_is_listed_and_not_claimed(storage: Storage, space: Partition) -> None:
    job = await _enqueue(storage, space)
    await storage.jobs.bury(await _claim(storage, SHORT_S), reason="attempts-exhausted")
    await asyncio.sleep(2 * SHORT_S)
    assert await _nothing_to_claim(storage)
    [dead] = (await storage.jobs.dead(space.tenant_id, after=None, limit=10)).items
    assert (dead.job, dead.attempts, dead.reason) == (job, 1, "attempts-exhausted")
    assert abs(dead.buried_at - datetime.now(UTC)) < timedelta(minutes=1)


async def test_a_replayed_job_starts_afresh(storage: Storage, space: Partition) -> None:
    job = await _enqueue(storage, space)
    await storage.jobs.bury(await _claim(storage), reason="because")
    assert await storage.jobs.replay(space.tenant_id, job.id) is True
    assert await storage.jobs.replay(space.tenant_id, job.id) is False
    assert (await storage.jobs.dead(space.tenant_id, after=None, limit=10)).items == ()
    lease = await _claim(storage)
    assert (lease.job, lease.attempt) == (job, 1)


async def test_dead_jobs_are_their_tenants_alone(
    storage: Storage, space: Partition, stranger: Partition
) -> None:
    job = await _enqueue(storage, space)
    await storage.jobs.bury(await _claim(storage), reason="because")
    assert (await storage.jobs.dead(stranger.tenant_id, after=None, limit=10)).items == ()
    assert await storage.jobs.replay(stranger.tenant_id, job.id) is False
    assert len((await storage.jobs.dead(space.tenant_id, after=None, limit=10)).items) == 1


async def test_dead_jobs_are_paged_by_id(storage: Storage, space: Partition) -> None:
    jobs = [await _enqueue(storage, space) for _ in range(5)]
    for _ in jobs:
        await storage.jobs.bury(await _claim(storage), reason="because")
    found: list[str] = []
    after: str | None = None
    while True:
        page = await storage.jobs.dead(space.tenant_id, after=after, limit=2)
        found += [dead.job.id for dead in page.items]
        after = page.next_after
        if after is None:
            break
    assert found == [job.id for job in jobs]


async def test_details_and_trace_of_a_job_survive(storage: Storage, space: Partition) -> None:
    job = replace(
        a_job(space),
        id=new_id("job"),
        detail={"version": 3, "note": "été", "share": 0.5, "again": True},
        traceparent="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    )
    await storage.records.commit(space, Enqueue(job=job))
    assert (await _claim(storage)).job == job
