import pytest

from app.core.errors import StaleEtagError
from app.core.ids import new_id
from app.core.kinds import API_KEYS, DOCUMENTS, SPACES
from app.core.models import Partition, Space, Stored
from app.core.ports import Enqueue, Listing, Put, Remove
from tests.contract.backends import Storage
from tests.contract.sample import a_document, a_job, a_key, a_space


async def _put(storage: Storage, home: Partition, space: Space) -> str:
    [etag] = await storage.records.commit(home, Put(kind=SPACES, value=space))
    return etag


async def test_a_record_is_found_in_whichever_space_it_is(
    storage: Storage, space: Partition
) -> None:
    document = a_document(space)
    [etag] = await storage.records.commit(space, Put(kind=DOCUMENTS, value=document))
    found = await storage.records.find(DOCUMENTS, space.tenant_id, document.id)
    assert found == Stored(document, etag)
    await storage.records.commit(space, Remove(kind=DOCUMENTS, id=document.id))
    assert await storage.records.find(DOCUMENTS, space.tenant_id, document.id) is None


async def test_another_tenant_sees_nothing(
    storage: Storage, space: Partition, stranger: Partition
) -> None:
    document = a_document(space)
    [etag] = await storage.records.commit(space, Put(kind=DOCUMENTS, value=document))
    assert await storage.records.get(DOCUMENTS, stranger, document.id) is None
    assert await storage.records.get_many(DOCUMENTS, stranger, [document.id]) == {}
    assert await storage.records.find(DOCUMENTS, stranger.tenant_id, document.id) is None
    assert (await storage.records.page(DOCUMENTS, stranger, Listing())).items == ()
    assert await storage.records.count(DOCUMENTS, stranger) == 0
    with pytest.raises(StaleEtagError):
        await storage.records.commit(stranger, Remove(kind=DOCUMENTS, id=document.id, if_etag=etag))
    await storage.records.commit(stranger, Remove(kind=DOCUMENTS, id=document.id))
    await storage.records.erase(stranger)
    assert await storage.records.get(DOCUMENTS, space, document.id) is not None


async def test_two_tenants_may_hold_the_same_id(
    storage: Storage, space: Partition, stranger: Partition
) -> None:
    mine = a_document(space, "mine")
    theirs = a_document(stranger, "theirs", mine.id)
    await storage.records.commit(space, Put(kind=DOCUMENTS, value=mine, if_absent=True))
    await storage.records.commit(stranger, Put(kind=DOCUMENTS, value=theirs, if_absent=True))
    found = await storage.records.get(DOCUMENTS, space, mine.id)
    assert found is not None
    assert found.value.title == "mine"
    found = await storage.records.find(DOCUMENTS, stranger.tenant_id, mine.id)
    assert found is not None
    assert found.value.title == "theirs"


async def test_erasing_a_space_takes_records_and_jobs_of_it_alone(
    storage: Storage, home: Partition, space: Partition
) -> None:
    neighbour = Partition(home.tenant_id, new_id("spc"))
    for place in (space, neighbour):
        for _ in range(3):
            await storage.records.commit(
                place, Put(kind=DOCUMENTS, value=a_document(place)), Enqueue(job=a_job(place))
            )
    await storage.records.commit(home, Put(kind=API_KEYS, value=a_key(home)))
    assert await storage.records.erase(space) == 6
    assert await storage.records.erase(space) == 0
    assert await storage.records.count(DOCUMENTS, space) == 0
    assert await storage.records.count(DOCUMENTS, neighbour) == 3
    assert await storage.records.count(API_KEYS, home) == 1
    assert (await storage.jobs.depth())["waiting"] == 3


async def test_a_tenant_itself_is_never_erased(storage: Storage, home: Partition) -> None:
    await _put(storage, home, a_space(home))
    with pytest.raises(ValueError, match="space"):
        await storage.records.erase(home)
    assert await storage.records.count(SPACES, home) == 1


async def test_tenants_are_those_that_own_something(
    storage: Storage, home: Partition, stranger: Partition
) -> None:
    kept, gone = a_space(home), a_space(stranger)
    await _put(storage, home, kept)
    await _put(storage, stranger, gone)
    assert {home.tenant_id, stranger.tenant_id} <= set(await storage.records.tenants())
    await storage.records.commit(stranger, Remove(kind=SPACES, id=gone.id))
    tenants = await storage.records.tenants()
    assert home.tenant_id in tenants
    assert stranger.tenant_id not in tenants
