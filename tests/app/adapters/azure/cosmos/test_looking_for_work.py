"""How work is looked for, begun and ended: with few questions."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta

import pytest

from app.adapters.azure.cosmos import CosmosStore, open_cosmos
from app.adapters.azure.cosmos.doorbell import BothDoorbells, LocalDoorbell
from app.core.errors import LeaseLostError
from app.core.kinds import DOCUMENTS
from app.core.models import JobKind, Lease, Partition
from app.core.ports import Enqueue, Settle
from tests.clock import Clock
from tests.contract.cosmos import fresh_database, means
from tests.contract.sample import a_job, minted
from tests.peers.cosmos.faults import Faults
from tests.peers.cosmos.running import Running

INGEST = (JobKind.INGEST,)
WORK = r"/dbs/.*/colls/work/docs/.*"


@pytest.fixture
def clock() -> Clock:
    """The time of two processes: what they found out by looking grows no older meanwhile."""
    return Clock(time.time())


@pytest.fixture
async def store(cosmos_peer: Running, clock: Clock) -> AsyncIterator[CosmosStore]:
    async with fresh_database(cosmos_peer, means(clock=clock)) as opened:
        yield opened


@pytest.fixture
async def other(store: CosmosStore, clock: Clock) -> AsyncIterator[CosmosStore]:
    async with open_cosmos(store.account.place, means(clock=clock)) as opened:
        yield opened


async def claimed(store: CosmosStore) -> Lease | None:
    return await store.jobs.claim(INGEST, worker="w", lease_s=30)


async def test_idle_workers_who_look_at_once_share_one_look(
    store: CosmosStore, asked: Callable[[], int]
) -> None:
    asked()
    for _ in range(3):
        await asyncio.gather(*(claimed(store) for _ in range(20)))
    assert asked() == 1
    await store.jobs.wait(INGEST, 0.01)
    assert asked() == 0


async def test_a_look_that_began_before_a_change_is_not_believed_after_it(
    store: CosmosStore, faults: Faults, asked: Callable[[], int]
) -> None:
    asked()
    faults.add([{"path": WORK, "delay_s": 0.2}])
    looking = asyncio.create_task(claimed(store))
    while faults.waiting:  # noqa: ASYNC110 - until it looks
        await asyncio.sleep(0.01)
    store.jobs._watch.again(INGEST)
    await asyncio.gather(looking, claimed(store))
    assert asked() == 2


async def enqueued(store: CosmosStore, space: Partition, jobs: int) -> None:
    for _ in range(jobs):
        await store.records.commit(space, Enqueue(job=a_job(space)))


async def test_jobs_that_wait_are_found_by_one_look_and_settled_unread(
    store: CosmosStore, space: Partition, asked: Callable[[], int]
) -> None:
    await enqueued(store, space, 3)
    asked()
    for job in range(3):
        lease = await claimed(store)
        assert lease is not None
        assert asked() == (3 if job == 0 else 2)  # the look, the job, the lease
        await store.records.commit(space, Settle(lease=lease))
        assert asked() == 2  # the commit, and the entry that is taken down
    assert await claimed(store) is None
    assert asked() == 0


async def test_who_finds_more_than_he_can_do_wakes_another(
    store: CosmosStore, space: Partition
) -> None:
    waits = [asyncio.create_task(store.jobs.wait(INGEST, 600)) for _ in range(2)]
    await asyncio.sleep(0.05)
    await enqueued(store, space, 3)
    await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    store.jobs._watch.again(INGEST)
    assert await claimed(store) is not None
    await asyncio.wait_for(asyncio.gather(*waits), 60)


async def test_a_job_that_another_process_has_begun_is_left_to_it_and_taken_when_its_lease_ends(
    store: CosmosStore,
    other: CosmosStore,
    space: Partition,
    asked: Callable[[], int],
    clock: Clock,
) -> None:
    await enqueued(store, space, 1)
    assert await claimed(store) is not None
    assert await other.records.count(DOCUMENTS, space) == 0  # it has opened the account
    assert await other.jobs.claim((JobKind.ANSWER,), worker="w", lease_s=30) is None
    asked()
    assert await claimed(other) is None
    assert asked() == 3  # the look, the job, the entry that is put right
    assert await claimed(other) is None
    assert asked() == 0
    clock.now += 30
    await other.jobs.wait(INGEST, 60)
    again = await claimed(other)
    assert again is not None
    assert again.attempt == 2


async def test_a_ring_wakes_one_who_waits_here_and_others_only_if_there_is_none() -> None:
    here, elsewhere = LocalDoorbell(), LocalDoorbell()
    waits = [asyncio.create_task(bell.wait(INGEST, 60)) for bell in (here, here, elsewhere)]
    await asyncio.sleep(0)
    both = BothDoorbells(here, elsewhere)
    woken = []
    for _ in waits:
        assert both.ring(JobKind.INGEST)
        asleep = [one for one in waits if not one.done()]
        await asyncio.wait(asleep, return_when=asyncio.FIRST_COMPLETED)
        await asyncio.sleep(0.05)  # for others to wake too
        woken.append([one.done() for one in waits])
    assert woken == [[True, False, False], [True, True, False], [True, True, True]]
    assert not both.ring(JobKind.INGEST)


async def born(store: CosmosStore, space: Partition) -> Lease:
    lease = minted(a_job(space), datetime.now(UTC) + timedelta(minutes=5))
    await store.records.commit(space, Enqueue(job=lease.job, lease=lease))
    return lease


async def test_a_job_born_under_a_lease_is_settled_without_being_read(
    store: CosmosStore, space: Partition, asked: Callable[[], int]
) -> None:
    lease = await born(store, space)
    asked()
    await store.records.commit(space, Settle(lease=lease))
    assert asked() == 2  # the commit, and the entry that is taken down
    with pytest.raises(LeaseLostError):
        await store.records.commit(space, Settle(lease=lease))


async def test_a_job_whose_lease_was_extended_is_settled_too(
    store: CosmosStore, space: Partition
) -> None:
    lease = await born(store, space)
    await store.jobs.extend(lease, lease_s=30)
    await store.records.commit(space, Settle(lease=lease))
    assert (await store.jobs.depth())["running"] == 0


async def test_a_job_that_another_process_claimed_is_not_settled(
    other: CosmosStore, store: CosmosStore, space: Partition
) -> None:
    lease = await born(store, space)
    await other.jobs.release(lease, delay_s=0, reason="lost")
    assert await other.jobs.claim([lease.job.kind], worker="other", lease_s=30) is not None
    with pytest.raises(LeaseLostError):
        await store.records.commit(space, Settle(lease=lease))
    assert [(await one.jobs.depth())["running"] for one in (other, store)] == [1, 0]
