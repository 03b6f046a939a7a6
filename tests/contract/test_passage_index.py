"""What every `PassageIndex` promises."""

import math
from collections.abc import AsyncIterator

import pytest

from app.core.errors import NotFoundError
from app.core.ids import new_id
from app.core.models import Partition
from app.core.ports import PassageIndex
from tests.contract.index_backends import CHOICES, INDEXES
from tests.contract.passages import (
    IMPOT,
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


async def test_a_space_without_an_index_finds_nothing(
    index: PassageIndex, space: Partition
) -> None:
    found = await find(index, space, "passport")
    assert (found.candidates, found.passages_searched) == ((), 0)
    assert await index.count(space) == 0
    assert await index.remove(space, new_id("doc")) == 0
    await index.drop(space)


async def test_what_is_staged_is_counted_but_not_found(
    index: PassageIndex, space: Partition
) -> None:
    document_id = new_id("doc")
    assert await index.stage(ref(space, document_id), "", extraction(PASSPORT, TAX)) == 2
    assert await index.count(space) == 2
    assert await index.count(space, document_id) == 2
    assert documents(await find(index, space, "passport")) == []


async def test_a_found_passage_is_what_was_staged(index: PassageIndex, space: Partition) -> None:
    document_id = new_id("doc")
    made = extraction(TAX, "Été : " + PASSPORT, language="fr", section="Travel")
    await index.stage(ref(space, document_id, 3), "Services", made)
    await index.activate(ref(space, document_id, 3), {})
    found = await find(index, space, "renew passport")
    best = found.candidates[0]
    assert best.space_id == space.space_id
    assert best.passage.document_id == document_id
    assert best.passage.version == 3
    assert best.passage.title == "Services"
    assert best.passage.language == "fr"
    assert best.passage.span == made.passages[1]
    assert best.passage.text == made.text[best.passage.span.start : best.passage.span.end]
    assert found.passages_searched == 2
    assert found.stages_ms


async def test_both_scores_and_the_matched_terms_come_with_each_candidate(
    index: PassageIndex, space: Partition
) -> None:
    await add(index, space, PASSPORT, TAX)
    found = await find(index, space, "When is property tax due, zebra?")
    best = found.candidates[0]
    terms = [term for term, _ in found.terms]
    assert best.passage.text == TAX
    assert best.lexical > 0
    assert all(0 <= c.similarity <= 1 for c in found.candidates)
    assert len({terms[n] for n in best.matched}) == 3
    weights = dict(found.terms)
    unknown = next(term for term in weights if term.startswith("zebr"))
    assert weights[unknown] == pytest.approx(math.log(3))
    assert terms.index(unknown) not in best.matched


async def test_inflection_and_typing_errors_do_not_hide_a_passage(
    index: PassageIndex, space: Partition
) -> None:
    passport = await add(index, space, PASSPORT)
    impot = await add(index, space, IMPOT)
    await add(index, space, TAX)
    assert documents(await find(index, space, "pasports renewing"))[0] == passport
    assert documents(await find(index, space, "payer mes impots fonciers"))[0] == impot


async def test_a_new_version_is_switched_to_as_a_whole(
    index: PassageIndex, space: Partition
) -> None:
    document_id = await add(index, space, PASSPORT)
    await index.stage(ref(space, document_id, 2), "", extraction(TAX))
    assert documents(await find(index, space, "tax")) == []
    assert documents(await find(index, space, "passport")) == [document_id]
    await index.activate(ref(space, document_id, 2), {})
    assert documents(await find(index, space, "passport")) == []
    found = await find(index, space, "tax")
    assert [c.passage.version for c in found.candidates] == [2]
    assert await index.count(space, document_id) == 1


async def test_a_version_is_not_shown_in_place_of_a_newer_one(
    index: PassageIndex, space: Partition
) -> None:
    document_id = new_id("doc")
    for version, text in ((2, TAX), (1, PASSPORT)):
        await index.stage(ref(space, document_id, version), "", extraction(text))
        await index.activate(ref(space, document_id, version), {})
        await index.activate(ref(space, document_id, version), {})
    assert documents(await find(index, space, "passport")) == []
    found = await find(index, space, "tax")
    assert [c.passage.version for c in found.candidates] == [2]
    assert await index.count(space, document_id) == 1


async def test_a_whole_space_is_dropped_and_its_passages_are_counted(
    index: PassageIndex, space: Partition
) -> None:
    await add(index, space, PASSPORT, TAX)
    await index.stage(ref(space, new_id("doc")), "", extraction(IMPOT))
    assert await index.drop(space) == 3
    assert (await index.count(space), await index.drop(space)) == (0, 0)


async def test_staging_again_replaces_what_was_staged(
    index: PassageIndex, space: Partition
) -> None:
    document_id = new_id("doc")
    await index.stage(ref(space, document_id), "", extraction(PASSPORT, TAX))
    await index.stage(ref(space, document_id), "", extraction(TAX))
    assert await index.count(space) == 1
    await index.activate(ref(space, document_id), {})
    await index.activate(ref(space, document_id), {})
    assert documents(await find(index, space, "tax")) == [document_id]
    assert documents(await find(index, space, "passport")) == []


async def test_staging_the_visible_version_again_changes_nothing_until_it_is_activated(
    index: PassageIndex, space: Partition
) -> None:
    document_id = await add(index, space, PASSPORT)
    await index.stage(ref(space, document_id), "", extraction(TAX))
    assert documents(await find(index, space, "passport")) == [document_id]
    assert await index.count(space, document_id) == 2
    await index.activate(ref(space, document_id), {})
    assert documents(await find(index, space, "passport")) == []
    assert documents(await find(index, space, "tax")) == [document_id]
    assert await index.count(space, document_id) == 1


async def test_what_was_never_staged_cannot_be_activated(
    index: PassageIndex, space: Partition
) -> None:
    document_id = new_id("doc")
    with pytest.raises(NotFoundError) as refused:
        await index.activate(ref(space, document_id), {})
    assert refused.value.facts == {"id": document_id}
