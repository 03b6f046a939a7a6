"""What every `PassageIndex` promises."""

import asyncio
import math
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from app.core.errors import NotFoundError
from app.core.filters import parse
from app.core.ids import new_id
from app.core.models import Extraction, Partition, PassageSpan, VersionRef
from app.core.ports import Found, PassageIndex
from tests.contract.index_backends import INDEXES

PASSPORT = "A passport is renewed at any service counter. Bring two photographs and the old one."
TAX = "Property tax is due on the last day of June. Late payment costs interest."
IMPOT = "L'impôt foncier est payable le dernier jour de juin. Un retard entraîne des intérêts."


@pytest.fixture(params=INDEXES)
async def index(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[PassageIndex]:
    async with INDEXES[request.param](tmp_path) as opened:
        yield opened


def extraction(*texts: str, language: str = "en", section: str | None = None) -> Extraction:
    """A document of these passages, one a line."""
    spans, start, byte_start = [], 0, 0
    for ordinal, text in enumerate(texts):
        end, byte_end = start + len(text), byte_start + len(text.encode())
        spans.append(
            PassageSpan(
                ordinal=ordinal,
                start=start,
                end=end,
                byte_start=byte_start,
                byte_end=byte_end,
                page=ordinal + 1,
                section=section,
            )
        )
        start, byte_start = end + 1, byte_end + 1
    return Extraction(text="\n".join(texts), language=language, passages=tuple(spans))


def ref(space: Partition, document_id: str, version: int = 1) -> VersionRef:
    return VersionRef(
        tenant_id=space.tenant_id,
        space_id=space.space_id,
        document_id=document_id,
        version=version,
    )


async def add(index: PassageIndex, space: Partition, *texts: str, title: str = "") -> str:
    document_id = new_id("doc")
    await index.stage(ref(space, document_id), title, extraction(*texts))
    await index.activate(ref(space, document_id), {"title": title})
    return document_id


async def find(index: PassageIndex, space: Partition, question: str, **options: object) -> Found:
    where = parse(options["where"]) if "where" in options else None
    return await index.search(space, question, limit=10, where=where)


def documents(found: Found) -> list[str]:
    return [candidate.passage.document_id for candidate in found.candidates]


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
        for version in range(2, 12):
            await index.stage(ref(space, document_id, version), "", extraction(PASSPORT, PASSPORT))
            await index.activate(ref(space, document_id, version), {})

    writing = asyncio.ensure_future(write())
    await asyncio.gather(writing, watch())
    assert all(len(versions) == 2 and len(set(versions)) == 1 for versions in seen)
    assert (1, 1) in seen


async def test_a_usable_index_answers_a_ping(index: PassageIndex) -> None:
    assert await index.ping() is None  # type: ignore[func-returns-value]
