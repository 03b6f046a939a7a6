"""What is seen of a space changes with its stamp, in few requests, whatever gets in between."""

import asyncio
from collections.abc import Callable

import pytest

from app.adapters.azure.cosmos import CosmosStore
from app.adapters.azure.cosmos.items import place
from app.core.errors import NotFoundError, UnavailableError
from app.core.ids import new_id
from app.core.models import Partition
from tests.contract.passages import PASSPORT, TAX, add, documents, extraction, find, ref
from tests.peers.cosmos.faults import Faults

PASSAGES = r"/dbs/.*/colls/passages-.*/docs/?.*"


async def numbered(store: CosmosStore, space: Partition) -> int:
    stamp = await store.index._container.read(place(space), "stamp")
    return 0 if stamp is None else int(stamp["seq"])


async def test_a_new_document_takes_two_requests_once_the_stamp_is_known(
    store: CosmosStore, space: Partition, asked: Callable[[], int]
) -> None:
    await add(store.index, space, PASSPORT)
    asked()
    await add(store.index, space, PASSPORT, TAX)
    assert asked() == 2


async def test_an_empty_space_is_dropped_by_one_request(
    store: CosmosStore, space: Partition, asked: Callable[[], int]
) -> None:
    asked()
    await store.index.drop(space)
    assert asked() == 1


async def test_every_change_of_what_is_seen_moves_the_stamp_and_staging_does_not(
    store: CosmosStore, space: Partition
) -> None:
    document_id = await add(store.index, space, PASSPORT)
    assert await numbered(store, space) == 1
    await store.index.describe(space, document_id, "Travel", {})
    assert await numbered(store, space) == 2
    await store.index.stage(ref(space, document_id, 2), "", extraction(TAX))
    assert await numbered(store, space) == 2
    await store.index.activate(ref(space, document_id, 2), {})
    assert await numbered(store, space) == 3
    await store.index.remove(space, document_id)
    assert await numbered(store, space) == 4
    await store.index.drop(space)
    assert await numbered(store, space) == 0


async def test_processes_that_change_a_space_at_once_all_count(
    store: CosmosStore, other: CosmosStore, space: Partition
) -> None:
    await asyncio.gather(
        *(add(each.index, space, PASSPORT) for _ in range(3) for each in (store, other))
    )
    assert await numbered(store, space) == 6
    assert len(documents(await find(store.index, space, "passport"))) == 6


async def test_a_switch_whose_answer_was_lost_is_made_once(
    store: CosmosStore, faults: Faults, space: Partition
) -> None:
    document_id = await add(store.index, space, PASSPORT)
    await store.index.stage(ref(space, document_id, 2), "", extraction(TAX))
    faults.add([{"method": "POST", "path": PASSAGES, "status": 408, "when": "after"}])
    await store.index.activate(ref(space, document_id, 2), {})
    assert faults.waiting == 0
    assert documents(await find(store.index, space, "passport")) == []
    assert documents(await find(store.index, space, "tax")) == [document_id]
    assert await store.index.count(space) == 1


async def test_what_another_process_staged_again_is_switched_to_by_the_next_try(
    store: CosmosStore, other: CosmosStore, space: Partition
) -> None:
    document_id = new_id("doc")
    await store.index.stage(ref(space, document_id), "", extraction(PASSPORT))
    await other.index.stage(ref(space, document_id), "", extraction(TAX))
    with pytest.raises(UnavailableError) as refused:
        await store.index.activate(ref(space, document_id), {})
    assert refused.value.facts["dependency"] == "index"
    await store.index.activate(ref(space, document_id), {})
    assert documents(await find(store.index, space, "tax")) == [document_id]
    assert documents(await find(store.index, space, "passport")) == []


async def test_what_another_process_removed_meanwhile_can_not_be_activated(
    store: CosmosStore, other: CosmosStore, space: Partition
) -> None:
    document_id = new_id("doc")
    await store.index.stage(ref(space, document_id), "", extraction(PASSPORT))
    await other.index.remove(space, document_id)
    with pytest.raises(NotFoundError) as refused:
        await store.index.activate(ref(space, document_id), {})
    assert refused.value.facts == {"id": document_id}
    assert await store.index.count(space) == 0


async def test_a_long_document_that_was_switched_half_way_is_seen_whole_or_not_at_all(
    store: CosmosStore, faults: Faults, space: Partition
) -> None:
    document_id = await add(store.index, space, PASSPORT)
    texts = [f"Chapter {number} is about passports." for number in range(200)]
    await store.index.stage(ref(space, document_id, 2), "", extraction(*texts))
    faults.add(
        [
            {"method": "POST", "path": PASSAGES, "status": 0},  # some are let be proposed
            {"method": "POST", "path": PASSAGES, "status": 500, "times": 99},
        ]
    )
    with pytest.raises(UnavailableError):
        await store.index.activate(ref(space, document_id, 2), {})
    faults.end()
    seen = (await store.index.search(space, "passports", limit=100)).candidates
    assert [one.passage.version for one in seen] == [1]
    await store.index.activate(ref(space, document_id, 2), {})
    seen = (await store.index.search(space, "passports", limit=5)).candidates
    assert [one.passage.version for one in seen] == [2] * 5
    assert await store.index.count(space) == 200
