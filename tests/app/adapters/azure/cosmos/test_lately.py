"""What a process read a moment ago is good for a moment, and never after its own change."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

from app.adapters.azure.cosmos import CosmosStore
from app.adapters.azure.cosmos.lately import Lately
from app.core.kinds import API_KEYS, DOCUMENTS
from app.core.models import Partition
from app.core.ports import Put
from tests.clock import Clock
from tests.contract.sample import a_document, a_key


async def test_a_key_is_known_for_as_long_as_was_said_and_until_this_process_changes_it(
    store: CosmosStore, other: CosmosStore, home: Partition, asked: Callable[[], int]
) -> None:
    key = a_key(home)
    await store.records.commit(home, Put(kind=API_KEYS, value=key))
    assert (await other.keys.find_key(key.id, within_s=60)) is not None
    revoked = replace(key, revoked_at=datetime.now(UTC))
    await store.records.commit(home, Put(kind=API_KEYS, value=revoked))
    asked()
    known = await other.keys.find_key(key.id, within_s=60)
    assert (known and known.value, asked()) == (key, 0)
    for process in (store, other):
        fresh = await process.keys.find_key(key.id)
        assert fresh is not None
        assert fresh.value == revoked
    again = replace(key, name="again")
    await other.records.commit(home, Put(kind=API_KEYS, value=again))
    known = await other.keys.find_key(key.id, within_s=60)
    assert known is not None
    assert known.value == again


async def test_a_count_may_be_as_old_as_was_said_but_knows_what_this_process_did(
    store: CosmosStore, other: CosmosStore, space: Partition, asked: Callable[[], int]
) -> None:
    async def seen() -> tuple[int, int]:
        asked()
        return await store.records.count(DOCUMENTS, space, within_s=60), asked()

    assert [await seen() for _ in range(2)] == [(0, 1), (0, 0)]
    await store.records.commit(space, Put(kind=DOCUMENTS, value=a_document(space)))
    assert [await seen() for _ in range(2)] == [(1, 1), (1, 0)]
    await other.records.commit(space, Put(kind=DOCUMENTS, value=a_document(space)))
    assert await seen() == (1, 0)
    assert await store.records.count(DOCUMENTS, space) == 2
    assert await seen() == (2, 0)


async def test_what_was_read_while_this_process_changed_it_is_not_kept() -> None:
    lately: Lately[str, int] = Lately(10, Clock())
    values = iter([1, 2])

    async def ask() -> int:
        value = next(values)
        if value == 1:
            lately.forget("key")
        return value

    assert [await lately.get("key", 60, ask) for _ in range(3)] == [1, 2, 2]
