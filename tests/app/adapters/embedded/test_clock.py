from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from app.adapters.embedded import EmbeddedStore, open_store
from app.core.errors import LeaseLostError
from app.core.models import Job, JobKind, Lease, Partition
from app.core.ports import Enqueue, Settle
from tests.clock import Clock
from tests.contract.sample import a_job

HOUR_S = 3600.0
INGEST = (JobKind.INGEST,)
HOME = Partition("ten_default")


@pytest.fixture
def clock() -> Clock:
    return Clock(1_800_000_000.0)


@pytest.fixture
async def store(folder: Path, clock: Clock) -> AsyncIterator[EmbeddedStore]:
    async with open_store(folder, clock=clock) as opened:
        yield opened


async def _enqueued(store: EmbeddedStore) -> Job:
    job = a_job(HOME)
    await store.records.commit(HOME, Enqueue(job=job))
    return job


async def _claimed(store: EmbeddedStore) -> Lease | None:
    return await store.jobs.claim(INGEST, worker="w", lease_s=30)


async def test_a_job_enqueued_before_the_clock_was_set_back_is_claimed_at_once(
    store: EmbeddedStore, clock: Clock
) -> None:
    job = await _enqueued(store)
    clock.now -= HOUR_S
    await store.jobs.wait(INGEST, 600)
    lease = await _claimed(store)
    assert lease is not None
    assert lease.job == job


async def test_a_lease_given_before_the_clock_was_set_back_does_not_last_an_hour_more(
    store: EmbeddedStore, clock: Clock
) -> None:
    await _enqueued(store)
    first = await _claimed(store)
    clock.now -= HOUR_S
    second = await _claimed(store)
    assert first is not None
    assert second is not None
    assert second.attempt == 2
    with pytest.raises(LeaseLostError):
        await store.records.commit(HOME, Settle(lease=first))


async def test_a_heartbeat_after_the_clock_was_set_back_keeps_the_job(
    store: EmbeddedStore, clock: Clock
) -> None:
    await _enqueued(store)
    lease = await _claimed(store)
    assert lease is not None
    clock.now -= HOUR_S
    await store.jobs.extend(lease, lease_s=30)
    assert await _claimed(store) is None


async def test_a_pause_begun_before_the_clock_was_set_back_ends(
    store: EmbeddedStore, clock: Clock
) -> None:
    await _enqueued(store)
    lease = await _claimed(store)
    assert lease is not None
    await store.jobs.release(lease, delay_s=300, reason="later")
    assert await _claimed(store) is None
    clock.now -= HOUR_S
    assert await _claimed(store) is not None


async def test_a_small_adjustment_of_the_clock_disturbs_no_lease(
    store: EmbeddedStore, clock: Clock
) -> None:
    await _enqueued(store)
    assert await _claimed(store) is not None
    clock.now -= 0.9
    assert await _claimed(store) is None


async def test_a_lease_that_a_clock_set_forward_ended_is_fenced_off(
    store: EmbeddedStore, clock: Clock
) -> None:
    await _enqueued(store)
    first = await _claimed(store)
    clock.now += HOUR_S
    second = await _claimed(store)
    assert first is not None
    assert second is not None
    with pytest.raises(LeaseLostError):
        await store.jobs.extend(first, lease_s=30)
    await store.records.commit(HOME, Settle(lease=second))
    assert (await store.jobs.depth())["waiting"] == 0


async def test_depth_tells_the_age_of_the_oldest_job_that_waits(
    store: EmbeddedStore, clock: Clock
) -> None:
    await _enqueued(store)
    clock.now += 40
    await _enqueued(store)
    clock.now += 2
    assert (await store.jobs.depth())["oldest_s"] == 42
    clock.now -= HOUR_S
    assert (await store.jobs.depth())["oldest_s"] == 0
