"""What was done although nobody was told: every write is safe to send again."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from app.adapters.azure.cosmos import CosmosStore
from app.core.errors import ConflictError, LeaseLostError, StaleEtagError
from app.core.filters import Condition, Op
from app.core.kinds import DOCUMENTS, SPACES
from app.core.models import JobKind, Partition
from app.core.ports import AuditFilter, Enqueue, Look, Put, Remove, Settle
from tests.contract.sample import a_document, a_job, a_space, renamed
from tests.contract.test_audit_log import a_request, an_act, on_behalf
from tests.peers.cosmos.faults import Faults

RECORDS = r"/dbs/.*/colls/records/docs/?.*"
WORK = r"/dbs/.*/colls/work/docs/?.*"


def lost(
    path: str = RECORDS, status: int = 408, times: int = 1, method: str = ".*"
) -> dict[str, object]:
    """The request is carried out, and answered as if nobody knew."""
    return {"path": path, "status": status, "when": "after", "times": times, "method": method}


@pytest.fixture(autouse=True)
def _every_fault_strikes(faults: Faults) -> Iterator[None]:
    yield
    assert faults.waiting == 0


async def test_a_creation_is_not_told_that_it_exists_by_its_own_success(
    store: CosmosStore, faults: Faults, home: Partition
) -> None:
    space = a_space(home)
    faults.add([lost(method="POST")])
    [etag] = await store.records.commit(home, Put(kind=SPACES, value=space, if_absent=True))
    found = await store.records.get(SPACES, home, space.id)
    assert found is not None
    assert (found.value, found.etag) == (space, etag)
    with pytest.raises(ConflictError):
        await store.records.commit(home, Put(kind=SPACES, value=space, if_absent=True))


async def test_a_conditional_change_is_not_stale_by_its_own_success(
    store: CosmosStore, faults: Faults, home: Partition
) -> None:
    space = a_space(home)
    [old] = await store.records.commit(home, Put(kind=SPACES, value=space))
    faults.add([lost(method="POST", times=2)])
    change = Put(kind=SPACES, value=renamed(space, "new"), if_etag=old)
    [etag] = await store.records.commit(home, change)
    found = await store.records.get(SPACES, home, space.id)
    assert found is not None
    assert (found.value.name, found.etag) == ("new", etag)
    with pytest.raises(StaleEtagError):
        await store.records.commit(home, change)


async def test_an_audited_change_leaves_one_event_and_a_whole_trail(
    store: CosmosStore, faults: Faults, home: Partition
) -> None:
    faults.add([lost(method="POST", status=503)])
    with on_behalf(an_act(home)):
        for _ in range(3):
            await store.records.commit(home, Put(kind=SPACES, value=a_space(home)))
    page = await store.audit.events(home.tenant_id, AuditFilter(), after=None, limit=10)
    assert [event.seq for event in page.items] == [1, 2, 3]
    assert (await store.audit.verify()).problems == []


async def test_a_removal_and_a_settled_job_are_done_once(
    store: CosmosStore, faults: Faults, space: Partition
) -> None:
    document, job = a_document(space), a_job(space)
    await store.records.commit(space, Put(kind=DOCUMENTS, value=document), Enqueue(job=job))
    lease = await store.jobs.claim([JobKind.INGEST], worker="w", lease_s=30)
    assert lease is not None
    faults.add([lost(method="POST")])
    await store.records.commit(space, Remove(kind=DOCUMENTS, id=document.id), Settle(lease=lease))
    assert await store.records.count(DOCUMENTS, space) == 0
    with pytest.raises(LeaseLostError):
        await store.records.commit(space, Settle(lease=lease))


async def test_what_a_lost_commit_looked_at_is_told_as_it_stands(
    store: CosmosStore, faults: Faults, home: Partition
) -> None:
    there, new = a_space(home), a_space(home)
    [etag] = await store.records.commit(home, Put(kind=SPACES, value=there))
    where = Condition("deleted", Op.EQ, value=False)
    looks = [Look(kind=SPACES, id=id_, where=where) for id_ in (there.id, "spc_none")]
    faults.add([lost(method="POST", times=2)])
    told = await store.records.commit(home, Put(kind=SPACES, value=new), *looks)
    stored = await store.records.get(SPACES, home, new.id)
    assert stored is not None
    assert list(told) == [stored.etag, etag, ""]


async def test_a_claim_whose_answer_was_lost_is_held_by_its_caller(
    store: CosmosStore, faults: Faults, space: Partition
) -> None:
    job = a_job(space)
    await store.records.commit(space, Enqueue(job=job))
    faults.add([lost(method="PUT")])
    lease = await store.jobs.claim([JobKind.INGEST], worker="w", lease_s=30)
    assert lease is not None
    assert (lease.job, lease.attempt) == (job, 1)
    longer = await store.jobs.extend(lease, lease_s=60)
    assert longer.expires_at > datetime.now(UTC)
    await store.records.commit(space, Settle(lease=lease))


async def test_a_request_that_was_noted_is_recorded_once(
    store: CosmosStore, faults: Faults, home: Partition
) -> None:
    faults.add([lost(path=r"/dbs/.*/colls/audit_logs/docs/", method="POST")])
    for number in range(5):
        store.audit.note(a_request(home, number))
    await store.audit.flush()
    page = await store.audit.events(home.tenant_id, AuditFilter(), after=None, limit=10)
    assert len(page.items) == 5
    assert (await store.audit.verify()).problems == []


async def test_a_job_is_enqueued_once_whatever_is_lost_of_its_entry(
    store: CosmosStore, faults: Faults, space: Partition
) -> None:
    faults.add([lost(path=WORK, method="POST")])
    await store.records.commit(space, Enqueue(job=a_job(space)))
    assert (await store.jobs.depth())["waiting"] == 1
