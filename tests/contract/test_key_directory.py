from app.core.kinds import API_KEYS, SPACES
from app.core.models import Partition
from app.core.ports import Put, Remove
from tests.contract.backends import Storage
from tests.contract.sample import a_key, a_space


async def test_a_key_is_found_without_knowing_its_tenant(
    storage: Storage, home: Partition, stranger: Partition
) -> None:
    for place in (home, Partition(stranger.tenant_id)):
        key = a_key(place)
        [etag] = await storage.records.commit(place, Put(kind=API_KEYS, value=key))
        found = await storage.keys.find_key(key.id)
        assert found is not None
        assert (found.value, found.etag) == (key, etag)


async def test_an_unknown_or_deleted_key_is_none(storage: Storage, home: Partition) -> None:
    key = a_key(home)
    await storage.records.commit(home, Put(kind=API_KEYS, value=key))
    await storage.records.commit(home, Remove(kind=API_KEYS, id=key.id))
    assert await storage.keys.find_key(key.id) is None
    assert await storage.keys.find_key("key_none") is None


async def test_only_keys_are_found(storage: Storage, home: Partition) -> None:
    space = a_space(home)
    await storage.records.commit(home, Put(kind=SPACES, value=space))
    assert await storage.keys.find_key(space.id) is None
