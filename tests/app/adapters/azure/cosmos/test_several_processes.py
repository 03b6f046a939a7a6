"""Several processes on one account: stores that share nothing but what they wrote."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from app.adapters.azure.cosmos import CosmosStore, open_cosmos
from app.core.kinds import API_KEYS, SPACES
from app.core.models import JobKind, Partition
from app.core.ports import Enqueue, Put, Settle
from tests.contract.cosmos import means
from tests.contract.sample import a_job, a_key, a_space
from tests.contract.sealing import KeySeal
from tests.contract.test_audit_log import a_request, an_act, on_behalf

INGEST = (JobKind.INGEST,)


@pytest.fixture
async def other(store: CosmosStore) -> AsyncIterator[CosmosStore]:
    """The store of another process, with the same seal."""
    chosen = replace(means(), seal=store.audit._seal)
    async with open_cosmos(store.account.place, chosen) as opened:
        yield opened


async def test_what_one_has_committed_the_other_sees(
    store: CosmosStore, other: CosmosStore, home: Partition
) -> None:
    space, key = a_space(home), a_key(home)
    await store.records.commit(home, Put(kind=SPACES, value=space), Put(kind=API_KEYS, value=key))
    found = await other.records.get(SPACES, home, space.id)
    assert found is not None
    assert found.value == space
    whose = await other.keys.find_key(key.id)
    assert whose is not None
    assert whose.value == key
    assert await other.records.tenants() == [home.tenant_id]


async def test_jobs_are_shared_out_and_none_twice(
    store: CosmosStore, other: CosmosStore, space: Partition
) -> None:
    jobs = [a_job(space) for _ in range(8)]
    for job in jobs:
        await store.records.commit(space, Enqueue(job=job))
    claims = [
        each.jobs.claim(INGEST, worker="w", lease_s=30) for _ in range(6) for each in (store, other)
    ]
    leases = [lease for lease in await asyncio.gather(*claims) if lease is not None]
    while (late := await other.jobs.claim(INGEST, worker="w", lease_s=30)) is not None:
        leases.append(late)
    assert sorted(lease.job.id for lease in leases) == sorted(job.id for job in jobs)


async def test_a_job_of_another_process_is_found_without_a_ring(
    store: CosmosStore, other: CosmosStore, space: Partition
) -> None:
    assert await other.jobs.claim(INGEST, worker="w", lease_s=30) is None
    waiting = asyncio.create_task(other.jobs.wait(INGEST, 600))
    await store.records.commit(space, Enqueue(job=a_job(space)))
    await asyncio.wait_for(waiting, 60)
    lease = await other.jobs.claim(INGEST, worker="w", lease_s=30)
    assert lease is not None
    await other.records.commit(space, Settle(lease=lease))
    assert (await store.jobs.depth())["running"] == 0


async def test_each_seals_its_own_chains_and_all_of_them_verify(
    store: CosmosStore, other: CosmosStore, home: Partition
) -> None:
    for each in (store, other):
        with on_behalf(an_act(home)):
            await asyncio.gather(
                *(
                    each.records.commit(home, Put(kind=SPACES, value=a_space(home)))
                    for _ in range(4)
                )
            )
        each.audit.note(a_request(home, 1))
        await each.audit.flush()
    first, second = await asyncio.gather(store.audit.seal(), other.audit.seal())
    assert first is not None
    assert second is not None
    assert {first.number, second.number} == {1, 2}
    report = await store.audit.verify()
    assert report.problems == []
    assert (report.events, report.unsealed_tail) == (10, 0)
    assert (report.checkpoints, report.copies) == (2, 2)


async def test_a_checkpoint_whose_copy_was_not_made_is_copied_by_the_next_process(
    store: CosmosStore, other: CosmosStore
) -> None:
    seal = store.audit._seal
    assert isinstance(seal, KeySeal)
    assert await store.audit.seal() is not None
    seal.kept.clear()  # as if it had ended between checkpoint and copy
    assert await other.audit.seal() is not None
    assert sorted(seal.kept) == [1, 2]
    assert (await other.audit.verify()).problems == []
