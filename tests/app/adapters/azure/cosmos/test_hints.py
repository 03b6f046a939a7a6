"""Signposts and entries of work that are wrong: nobody is misled, and they are put right."""

import asyncio
import time
from typing import cast

import pytest

from app.adapters.azure.cosmos import CosmosStore
from app.core.errors import ConflictError, UnavailableError
from app.core.kinds import API_KEYS, DOCUMENTS
from app.core.models import JobKind, Lease, Partition
from app.core.ports import Enqueue, Ports, Put, Settle
from app.core.work import Handler, Lane, Worker
from tests.contract.sample import a_document, a_job, a_key
from tests.peers.cosmos.faults import Faults
from tests.peers.cosmos.partition import Item
from tests.peers.cosmos.running import Running

INGEST = (JobKind.INGEST,)
BATCHES = r"/dbs/.*/colls/records/docs/"
WORK = r"/dbs/.*/colls/work/docs/.*"


def entry(peer: Running, store: CosmosStore) -> Item:
    """The one entry of work there is."""
    held = peer.peer.store.containers[f"{store.account.place.database}/work"]
    [found] = [item for inside in held.items.values() for item in inside.values()]
    return found


async def claimed(store: CosmosStore) -> Lease | None:
    store.jobs._watch.again(INGEST)  # as another process, which has not looked yet
    return await store.jobs.claim(INGEST, worker="w", lease_s=30)


async def test_a_refused_commit_leaves_no_entry(store: CosmosStore, space: Partition) -> None:
    document = a_document(space)
    await store.records.commit(space, Put(kind=DOCUMENTS, value=document))
    with pytest.raises(ConflictError):
        await store.records.commit(
            space, Enqueue(job=a_job(space)), Put(kind=DOCUMENTS, value=document, if_absent=True)
        )
    assert (await store.jobs.depth())["waiting"] == 0


async def test_a_job_that_is_enqueued_twice_keeps_its_entry(
    store: CosmosStore, space: Partition
) -> None:
    job = a_job(space)
    await store.records.commit(space, Enqueue(job=job))
    with pytest.raises(ConflictError):
        await store.records.commit(space, Enqueue(job=job))
    assert (await claimed(store)) is not None


async def test_an_entry_rests_while_its_commit_may_come_and_goes_when_it_never_did(
    cosmos_peer: Running, store: CosmosStore, faults: Faults, space: Partition
) -> None:
    faults.add([{"method": "POST", "path": BATCHES, "status": 500, "times": 99}])
    with pytest.raises(UnavailableError):
        await store.records.commit(space, Enqueue(job=a_job(space)))
    faults.end()
    looked_at = time.time()
    assert await claimed(store) is None
    resting = entry(cosmos_peer, store)
    assert resting["due_at"] >= looked_at + 1
    resting |= {"due_at": 0.0, "queued_at": f"{time.time_ns() - 301 * 10**9:020d}"}
    assert await claimed(store) is None
    assert (await store.jobs.depth())["waiting"] == 0


async def test_a_job_that_is_held_is_not_claimed_though_its_entry_says_so(
    cosmos_peer: Running, store: CosmosStore, other: CosmosStore, space: Partition
) -> None:
    await store.records.commit(space, Enqueue(job=a_job(space)))
    lease = await claimed(store)
    assert lease is not None
    assert not entry(cosmos_peer, store)["held"]  # until its first heartbeat
    assert await claimed(other) is None
    assert entry(cosmos_peer, store)["held"]
    assert [(await one.jobs.depth())["running"] for one in (store, other)] == [1, 1]
    await store.records.commit(space, Settle(lease=lease))


async def test_a_job_that_is_done_is_not_claimed_though_its_entry_was_left(
    cosmos_peer: Running, store: CosmosStore, faults: Faults, space: Partition
) -> None:
    await store.records.commit(space, Enqueue(job=a_job(space)))
    lease = await claimed(store)
    assert lease is not None
    await store.jobs.extend(lease, lease_s=30)
    faults.add([{"method": "DELETE", "path": WORK, "status": 500, "times": 99}])
    await store.records.commit(space, Settle(lease=lease))
    faults.end()
    left = entry(cosmos_peer, store)
    left |= {"due_at": 0.0}
    assert await claimed(store) is None
    depth = await store.jobs.depth()
    assert (depth["waiting"], depth["running"]) == (0, 0)


async def test_an_entry_that_makes_no_sense_does_not_end_the_worker(
    cosmos_peer: Running, store: CosmosStore, space: Partition, caplog: pytest.LogCaptureFixture
) -> None:
    await store.records.commit(space, Enqueue(job=a_job(space)))
    damaged, done = entry(cosmos_peer, store), asyncio.Event()
    lost = damaged.pop("job_id")

    async def do(ports: Ports, lease: Lease) -> None:
        await ports.records.commit(lease.job.partition, Settle(lease=lease))
        done.set()

    ports = cast("Ports", store)  # all of them that a worker needs
    worker = Worker(ports, {JobKind.INGEST: Handler(do)}, (Lane(INGEST, 1),), name="w")
    running = asyncio.create_task(worker.run())
    async with asyncio.timeout(60):
        while "w/0 could not look for work" not in caplog.text:
            await store.jobs.depth()
        damaged["job_id"] = lost
        await done.wait()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_a_signpost_to_nothing_leads_nowhere(
    store: CosmosStore, faults: Faults, space: Partition
) -> None:
    document, key = a_document(space), a_key(Partition(space.tenant_id))
    faults.add([{"method": "POST", "path": BATCHES, "status": 500, "times": 99}])
    for place, put in (
        (space, Put(kind=DOCUMENTS, value=document)),
        (Partition(space.tenant_id), Put(kind=API_KEYS, value=key)),
    ):
        with pytest.raises(UnavailableError):
            await store.records.commit(place, put)
    faults.end()
    assert await store.records.find(DOCUMENTS, space.tenant_id, document.id) is None
    assert await store.keys.find_key(key.id) is None
    assert await store.records.tenants() == []
