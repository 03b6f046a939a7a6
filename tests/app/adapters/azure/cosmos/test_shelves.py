"""Spaces in memory find what queries find, whatever is written meanwhile and by whom."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace

import pytest

from app.adapters.azure.cosmos import CosmosStore, open_cosmos
from app.adapters.azure.cosmos.items import place
from app.adapters.azure.cosmos.shelves import Room, Shelves
from app.adapters.azure.cosmos.shelves import shelves as module
from app.core.errors import UnavailableError
from app.core.models import Partition
from app.core.ports import Found
from tests.clock import Clock
from tests.contract.cosmos import means
from tests.contract.passages import IMPOT, PASSPORT, TAX, add, documents, extraction, find, ref
from tests.peers.cosmos.faults import Faults

NOT_OLD = {"field": "title", "op": "ne", "value": "old"}
PASSAGES = r"/dbs/.*/colls/passages-.*/docs/?.*"
ROOM = Room(most_bytes=64 << 20, dimensions=256)


@pytest.fixture
async def reader(store: CosmosStore) -> AsyncIterator[CosmosStore]:
    """The store of a process that holds spaces in memory; the other one writes."""
    async with open_cosmos(
        store.account.place, replace(means(), cache_bytes=ROOM.most_bytes)
    ) as opened:
        yield opened


async def held(reader: CosmosStore, space: Partition) -> Shelves:
    """Let the reader hold a space."""
    shelves = reader.index._shelves
    assert await shelves.load(place(space))
    return shelves


def in_memory(found: Found) -> bool:
    return "count" not in found.stages_ms


async def test_a_space_that_is_asked_again_is_searched_in_memory_by_one_request(
    store: CosmosStore, reader: CosmosStore, space: Partition, asked: Callable[[], int]
) -> None:
    document_id = await add(store.index, space, PASSPORT)
    shelves = reader.index._shelves
    first = await find(reader.index, space, "passport")
    assert shelves._loading == {}
    second = await find(reader.index, space, "passport")
    await asyncio.gather(*shelves._loading.values())
    asked()
    third = await find(reader.index, space, "passport")
    assert asked() == 1
    assert [in_memory(one) for one in (first, second, third)] == [False, False, True]
    assert documents(first) == documents(second) == documents(third) == [document_id]


async def test_what_is_asked_seldom_is_not_held(store: CosmosStore, space: Partition) -> None:
    await add(store.index, space, PASSPORT)
    clock = Clock()
    shelves = Shelves(store.index._container, ROOM, str.split, clock)
    for _ in range(2):
        assert await shelves.at_hand(place(space)) is None
        assert shelves._loading == {}
        clock.now += module._SOON_S + 1


async def test_what_another_process_writes_is_seen_by_the_next_search(
    store: CosmosStore, reader: CosmosStore, space: Partition, asked: Callable[[], int]
) -> None:
    passport = await add(store.index, space, PASSPORT)
    await held(reader, space)
    tax = await add(store.index, space, TAX, title="Heading")
    asked()
    assert documents(await find(reader.index, space, "tax")) == [tax]
    assert asked() == 3  # the stamp, what has changed, its passages
    await store.index.describe(space, tax, "Fees", {"language": "en"})
    where = {"field": "language", "op": "eq", "value": "en"}
    found = await find(reader.index, space, "fees", where=where)
    assert documents(found) == [tax]
    assert found.passages_searched == 1
    assert documents(await find(reader.index, space, "heading")) == []
    await store.index.stage(ref(space, passport, 2), "", extraction(IMPOT))
    assert documents(await find(reader.index, space, "passport")) == [passport]
    await store.index.activate(ref(space, passport, 2), {})
    assert documents(await find(reader.index, space, "passport")) == []
    await store.index.remove(space, passport)
    found = await find(reader.index, space, "impôt foncier")
    assert (documents(found), found.passages_searched) == ([], 1)
    assert in_memory(found)


async def test_of_a_space_that_was_dropped_and_filled_again_nothing_old_is_found(
    store: CosmosStore, reader: CosmosStore, space: Partition
) -> None:
    await add(store.index, space, PASSPORT)
    await held(reader, space)
    await store.index.drop(space)
    tax = await add(store.index, space, TAX)
    assert documents(await find(reader.index, space, "passport tax")) == [tax]


async def test_a_space_that_is_changed_while_it_is_loaded_is_held_as_it_is_then(
    store: CosmosStore, reader: CosmosStore, space: Partition
) -> None:
    first = await add(store.index, space, PASSPORT)
    second = await add(store.index, space, PASSPORT)
    read = reader.index._shelves._source._passages
    steps: list[str] = []

    async def changed(*arguments: object) -> object:
        if not steps:
            steps.append("between heads and passages")
            await store.index.stage(ref(space, first, 2), "", extraction(TAX))
            await store.index.activate(ref(space, first, 2), {})
            await store.index.remove(space, second)
        return await read(*arguments)  # type: ignore[arg-type]

    reader.index._shelves._source._passages = changed  # type: ignore[method-assign, assignment]
    await held(reader, space)
    assert steps
    found = await find(reader.index, space, "passport tax")
    assert in_memory(found)
    assert [(c.passage.document_id, c.passage.version) for c in found.candidates] == [(first, 2)]


async def test_a_space_whose_passages_are_missing_is_not_held(
    store: CosmosStore, reader: CosmosStore, space: Partition
) -> None:
    document_id = await add(store.index, space, PASSPORT, TAX)
    [row, _] = await store.index._of(space, document_id)
    await store.index._container.delete(place(space), row["id"])
    assert not await reader.index._shelves.load(place(space))


async def test_who_is_far_behind_loads_anew(
    store: CosmosStore, reader: CosmosStore, space: Partition, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_FAR", 2)
    shelves = await held(reader, space) if await add(store.index, space, PASSPORT) else None
    assert shelves is not None
    tax = [await add(store.index, space, TAX) for _ in range(3)]
    await find(reader.index, space, "tax")
    found = await find(reader.index, space, "tax")
    assert (sorted(documents(found)), in_memory(found)) == (sorted(tax), False)
    await asyncio.gather(*shelves._loading.values())
    found = await find(reader.index, space, "tax")
    assert (sorted(documents(found)), in_memory(found)) == (sorted(tax), True)


async def test_what_was_not_looked_at_for_half_as_long_as_removals_are_told_is_not_used(
    store: CosmosStore, space: Partition
) -> None:
    await add(store.index, space, PASSPORT)
    clock = Clock()
    shelves = Shelves(store.index._container, ROOM, str.split, clock)
    assert await shelves.load(place(space))
    clock.now += module._FRESH_S
    assert await shelves.at_hand(place(space)) is not None
    clock.now += module._FRESH_S + 1
    assert await shelves.at_hand(place(space)) is None
    assert shelves.size_bytes == 0


async def test_spaces_that_were_asked_least_lately_make_room(
    store: CosmosStore, home: Partition
) -> None:
    clock = Clock()
    spaces = [Partition(home.tenant_id, f"spc_{number}") for number in range(3)]
    for space in spaces:
        await add(store.index, space, *[PASSPORT] * 50)
    room = Room(most_bytes=340_000, dimensions=256)
    shelves = Shelves(store.index._container, room, store.index._analyzer.terms, clock)
    assert await shelves.load(place(spaces[0]))
    clock.now += 1
    assert await shelves.load(place(spaces[1]))
    assert not await shelves.load(place(spaces[2]))  # the others are busy
    clock.now += module._BUSY_S
    assert await shelves.at_hand(place(spaces[0])) is not None
    clock.now += 1
    assert await shelves.load(place(spaces[2]))
    assert [await shelves.at_hand(place(one)) is not None for one in spaces] == [True, False, True]
    assert shelves.size_bytes <= room.most_bytes


async def test_a_space_that_is_too_large_is_searched_by_queries(
    store: CosmosStore, space: Partition, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_MOST_PASSAGES", 2)
    await add(store.index, space, PASSPORT, TAX, IMPOT)
    assert not await Shelves(store.index._container, ROOM, str.split).load(place(space))


async def test_a_search_fails_if_nobody_can_tell_what_has_changed(
    store: CosmosStore, reader: CosmosStore, faults: Faults, space: Partition
) -> None:
    await add(store.index, space, PASSPORT)
    await held(reader, space)
    faults.add([{"path": PASSAGES, "status": 503, "times": 99}])
    with pytest.raises(UnavailableError) as refused:
        await find(reader.index, space, "passport")
    assert refused.value.facts["dependency"] == "index"
    faults.end()
    assert in_memory(await find(reader.index, space, "passport"))


async def test_rows_of_what_is_gone_are_given_up(
    store: CosmosStore, reader: CosmosStore, space: Partition, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.adapters.azure.cosmos.shelves.shelf._MOST_GONE", 3)
    shelves, passport = None, ""
    for _ in range(6):
        old, passport = passport, await add(store.index, space, PASSPORT, TAX)
        shelves = shelves or await held(reader, space)
        if old:
            await store.index.remove(space, old)
        found = await find(reader.index, space, "passport", where=NOT_OLD)
        assert documents(found) == [passport]
        assert found.passages_searched == 2
    assert shelves is not None
    shelf = await shelves.at_hand(place(space))
    assert shelf is not None
    assert len(shelf._passages) <= 6
