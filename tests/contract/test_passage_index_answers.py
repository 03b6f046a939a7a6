"""What a passage index answers: filters, removal, isolation, consistency."""

import asyncio
import math
from collections.abc import AsyncIterator
from itertools import count

import pytest

from app.core.filters import parse
from app.core.ids import new_id
from app.core.models import Partition
from app.core.ports import PassageIndex
from tests.contract.index_backends import CHOICES, INDEXES
from tests.contract.passages import (
    PASSPORT,
    TAX,
    add,
    documents,
    extraction,
    find,
    ref,
)


@pytest.fixture(params=CHOICES)
async def index(request: pytest.FixtureRequest) -> AsyncIterator[PassageIndex]:
    async with INDEXES[request.param](request) as opened:
        yield opened


async def test_filters_decide_before_the_best_are_taken(
    index: PassageIndex, space: Partition
) -> None:
    for number in range(12):
        document_id = await add(index, space, f"{PASSPORT} {'passport ' * number}")
        await index.describe(space, document_id, "", {"metadata.number": number, "tags": ["a"]})
    where = {"field": "metadata.number", "op": "lt", "value": 2}
    found = await index.search(space, "passport", limit=2, where=parse(where))
    assert len(found.candidates) == 2
    assert found.passages_searched == 2
    none = await find(index, space, "passport", where={"field": "tags", "op": "eq", "value": "b"})
    assert (none.candidates, none.passages_searched) == ((), 0)


async def test_describing_replaces_title_and_attributes(
    index: PassageIndex, space: Partition
) -> None:
    document_id = await add(index, space, TAX, title="Old heading")
    await add(index, space, PASSPORT)
    assert documents(await find(index, space, "heading")) == [document_id]
    await index.describe(space, document_id, "Fiscal matters", {"language": "en"})
    found = await find(
        index, space, "fiscal", where={"field": "language", "op": "eq", "value": "en"}
    )
    assert [c.passage.title for c in found.candidates] == ["Fiscal matters"]
    assert documents(await find(index, space, "heading")) == []
    assert documents(await find(index, space, "tax")) == [document_id]
    await index.describe(space, new_id("doc"), "absent", {})


async def test_a_removed_document_leaves_nothing(index: PassageIndex, space: Partition) -> None:
    document_id = await add(index, space, PASSPORT)
    other = await add(index, space, TAX)
    await index.stage(ref(space, document_id, 2), "", extraction(PASSPORT, TAX))
    assert await index.remove(space, document_id) == 3
    assert await index.remove(space, document_id) == 0
    assert documents(await find(index, space, "passport tax")) == [other]
    assert await index.count(space) == 1
    assert await index.count(space, document_id) == 0


async def test_a_dropped_space_is_empty_and_can_be_used_again(
    index: PassageIndex, space: Partition
) -> None:
    await add(index, space, PASSPORT)
    assert (await find(index, space, "passport")).candidates
    await index.drop(space)
    await index.drop(space)
    assert await index.count(space) == 0
    assert (await find(index, space, "passport")).candidates == ()
    document_id = await add(index, space, TAX)
    assert documents(await find(index, space, "tax")) == [document_id]


async def test_spaces_and_tenants_do_not_see_each_other(
    index: PassageIndex, space: Partition, stranger: Partition
) -> None:
    neighbour = Partition(space.tenant_id, new_id("spc"))
    document_id = await add(index, space, PASSPORT)
    for other in (stranger, neighbour):
        assert (await find(index, other, "passport")).candidates == ()
        assert await index.count(other) == 0
        await index.remove(other, document_id)
        await add(index, other, *[TAX] * 5)
    found = await find(index, space, "passport")
    assert documents(found) == [document_id]
    assert found.terms[0][1] == pytest.approx(math.log(2))


async def test_the_order_of_equal_passages_is_always_the_same(
    index: PassageIndex, space: Partition
) -> None:
    await add(index, space, *[PASSPORT] * 30)
    first = await index.search(space, "passport", limit=7)
    again = await index.search(space, "passport", limit=7)
    assert first.candidates == again.candidates
    assert len(first.candidates) == 7


async def test_a_document_without_passages_is_harmless(
    index: PassageIndex, space: Partition
) -> None:
    document_id = await add(index, space, title="Nothing inside")
    assert await index.count(space, document_id) == 0
    assert (await find(index, space, "nothing inside")).candidates == ()


async def test_questions_without_a_term_find_nothing(index: PassageIndex, space: Partition) -> None:
    await add(index, space, PASSPORT)
    for question in ("", "the of and", "?!", "\x00"):
        assert (await find(index, space, question)).candidates == ()


async def test_searches_meanwhile_see_one_version_or_the_other(
    index: PassageIndex, space: Partition
) -> None:
    document_id = await add(index, space, PASSPORT, PASSPORT)
    seen: set[tuple[int, ...]] = set()

    async def watch() -> None:
        while not writing.done():
            found = await find(index, space, "passport")
            seen.add(tuple(sorted(c.passage.version for c in found.candidates)))
            await asyncio.sleep(0)

    async def write() -> None:
        for version in count(2):
            await index.stage(ref(space, document_id, version), "", extraction(PASSPORT, PASSPORT))
            await index.activate(ref(space, document_id, version), {})
            if version > 10 and len(seen) > 1:
                return

    writing = asyncio.ensure_future(write())
    await asyncio.gather(writing, watch())
    assert all(len(versions) == 2 and len(set(versions)) == 1 for versions in seen)


async def test_a_usable_index_answers_a_ping(index: PassageIndex) -> None:
    assert await index.ping() is None  # type: ignore[func-returns-value]
