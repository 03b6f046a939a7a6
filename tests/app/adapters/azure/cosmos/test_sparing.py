"""What is known is not asked again, and what has changed is."""

from collections.abc import Callable, Iterable

from app.adapters.azure.cosmos import CosmosStore
from app.adapters.azure.cosmos.counting import Counts
from app.adapters.azure.cosmos.items import place
from app.adapters.azure.cosmos.remembering import Remembered
from app.core.kinds import API_KEYS, DOCUMENTS
from app.core.models import Partition
from app.core.ports import Put, Remove
from tests.clock import Clock
from tests.contract.passages import PASSPORT, TAX, add
from tests.contract.sample import a_document, a_key


async def test_where_a_record_is_and_whose_a_key_is_are_read_once(
    store: CosmosStore, other: CosmosStore, space: Partition, asked: Callable[[], int]
) -> None:
    document, home = a_document(space), Partition(space.tenant_id)
    key = a_key(home)
    await store.records.commit(space, Put(kind=DOCUMENTS, value=document))
    await store.records.commit(home, Put(kind=API_KEYS, value=key))
    await other.records.find(DOCUMENTS, space.tenant_id, document.id)
    await other.keys.find_key(key.id)
    asked()
    for process in (store, other):
        assert await process.records.find(DOCUMENTS, space.tenant_id, document.id) is not None
    assert await other.keys.find_key(key.id) is not None
    assert asked() == 3


async def test_a_record_that_is_elsewhere_now_is_found_there(
    store: CosmosStore, other: CosmosStore, space: Partition
) -> None:
    document = a_document(space)
    await store.records.commit(space, Put(kind=DOCUMENTS, value=document))
    assert await other.records.find(DOCUMENTS, space.tenant_id, document.id) is not None
    await store.records.commit(space, Remove(kind=DOCUMENTS, id=document.id))
    assert await other.records.find(DOCUMENTS, space.tenant_id, document.id) is None
    moved = a_document(Partition(space.tenant_id, "spc_other"), id_=document.id)
    await store.records.commit(
        Partition(space.tenant_id, "spc_other"), Put(kind=DOCUMENTS, value=moved)
    )
    found = await other.records.find(DOCUMENTS, space.tenant_id, document.id)
    assert found is not None
    assert found.value == moved


async def counted(counts: Counts, where: Partition, terms: Iterable[str]) -> dict[str, int]:
    total = await counts.seen(place(where))
    return dict(await counts.holding(place(where), terms, total))


async def test_how_often_a_term_occurs_is_asked_again_after_a_while_or_growth(
    store: CosmosStore, space: Partition, asked: Callable[[], int]
) -> None:
    clock = Clock()
    counts = Counts(store.index._container, clock)
    await add(store.index, space, *[PASSPORT] * 10)
    asked()
    for expected in (2, 1):  # the whole, the term
        assert await counted(counts, space, ["passport"]) == {"passport": 10}
        assert asked() == expected
    clock.now += 31
    assert await counted(counts, space, ["passport"]) == {"passport": 10}
    assert asked() == 2
    await add(store.index, space, PASSPORT, PASSPORT)
    asked()
    assert await counted(counts, space, ["passport"]) == {"passport": 12}
    assert asked() == 2


async def test_how_many_passages_there_are_is_asked_again_after_a_moment_and_while_there_are_none(
    store: CosmosStore, space: Partition, asked: Callable[[], int]
) -> None:
    clock = Clock()
    counts, here = Counts(store.index._container, clock), place(space)
    assert (await counts.total(here), await counts.total(here), asked()) == (0, 0, 2)
    await add(store.index, space, PASSPORT)
    asked()
    assert (await counts.total(here), await counts.total(here), asked()) == (1, 1, 1)
    await add(store.index, space, TAX)
    clock.now += 2
    assert await counts.total(here) == 2


async def test_that_nobody_holds_a_term_is_not_remembered(
    store: CosmosStore, space: Partition
) -> None:
    counts = Counts(store.index._container, Clock())
    await add(store.index, space, *[PASSPORT] * 20)
    assert await counted(counts, space, ["tax"]) == {"tax": 0}
    await add(store.index, space, TAX)
    assert await counted(counts, space, ["tax"]) == {"tax": 1}


async def test_many_records_are_one_question(
    store: CosmosStore, space: Partition, asked: Callable[[], int]
) -> None:
    documents = [a_document(space) for _ in range(4)]
    await store.records.commit(space, *(Put(kind=DOCUMENTS, value=one) for one in documents))
    asked()
    wanted = [*(one.id for one in documents), "doc_none"]
    found = await store.records.get_many(DOCUMENTS, space, wanted)
    assert {id_: one.value for id_, one in found.items()} == {one.id: one for one in documents}
    assert asked() == 1
    for id_, one in found.items():
        assert one == await store.records.get(DOCUMENTS, space, id_)


async def test_what_is_to_be_removed_is_looked_for_only_if_it_is_not_there(
    store: CosmosStore, space: Partition, asked: Callable[[], int]
) -> None:
    document = a_document(space)
    await store.records.commit(space, Put(kind=DOCUMENTS, value=document))
    asked()
    for expected in (1, 2):  # the batch; refused, it is followed by the look
        await store.records.commit(space, Remove(kind=DOCUMENTS, id=document.id))
        assert asked() == expected
    other = a_document(space)
    gone = Remove(kind=DOCUMENTS, id=document.id)
    await store.records.commit(space, gone, Put(kind=DOCUMENTS, value=other))
    assert await store.records.get(DOCUMENTS, space, other.id) is not None


def test_of_too_many_the_first_are_forgotten() -> None:
    remembered: Remembered[int, str] = Remembered(2)
    for number in range(3):
        remembered.put(number, str(number))
    assert [remembered.get(number) for number in range(3)] == [None, "1", "2"]
