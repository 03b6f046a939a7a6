"""Questions: answered from checked sources, hidden from strangers, told the same way twice."""

from dataclasses import replace

import pytest

from app.core import documents, queries, receipts, verifying
from app.core.access import Principal
from app.core.errors import (
    GoneError,
    InvalidInputError,
    NotFoundError,
    NotReadyError,
)
from app.core.kinds import FEEDBACK, QUERIES
from app.core.models import Band, JobKind, QueryStatus
from app.core.ports import Ports
from tests.app.core import acting

QUESTION = "How long is a passport valid?"


async def test_every_sentence_of_an_answer_cites_a_span_that_stands_in_the_source(
    ports: Ports, alice: Principal
) -> None:
    space_id = await acting.space(ports, alice)
    document_id = await acting.upload(ports, alice, space_id, acting.PASSPORT)
    query = await acting.ask(ports, alice, [space_id], QUESTION)
    assert query.status is QueryStatus.COMPLETED
    assert query.answer is not None
    assert query.answer.band is Band.ANSWER
    for sentence in query.answer.sentences:
        assert sentence.citations
    for citation in query.answer.citations:
        assert citation.document_id == document_id
        assert acting.PASSPORT[citation.start : citation.end] == citation.quote
        verified = await verifying.verify_citation(ports, alice, query.id, citation.number)
        assert (verified.matches, verified.text) == (True, citation.quote)
        assert verified.sha256 == citation.quote_sha256


async def test_what_the_sources_do_not_say_is_not_answered(ports: Ports, alice: Principal) -> None:
    space_id = await acting.space(ports, alice)
    await acting.upload(ports, alice, space_id, acting.PASSPORT)
    query = await acting.ask(ports, alice, [space_id], "Which moons orbit Neptune?")
    assert query.answer is not None
    assert query.answer.band is Band.NOTHING
    assert (query.answer.sentences, query.answer.citations) == ((), ())


async def test_an_empty_space_says_nothing(ports: Ports, alice: Principal) -> None:
    space_id = await acting.space(ports, alice)
    query = await acting.ask(ports, alice, [space_id], QUESTION)
    assert query.answer is not None
    assert query.answer.band is Band.NOTHING


async def test_several_spaces_are_asked_together(ports: Ports, alice: Principal) -> None:
    one, two = [await acting.space(ports, alice) for _ in range(2)]
    await acting.upload(ports, alice, one, "The library opens at nine o'clock on Mondays.")
    wanted = await acting.upload(ports, alice, two, acting.PASSPORT)
    query = await acting.ask(ports, alice, [one, two], QUESTION)
    assert query.answer is not None
    assert query.answer.citations[0].document_id == wanted
    assert query.answer.citations[0].space_id == two


async def test_a_filter_keeps_other_documents_out(ports: Ports, alice: Principal) -> None:
    space_id = await acting.space(ports, alice)
    await acting.upload(ports, alice, space_id, acting.PASSPORT, year=2024)
    wanted = await acting.upload(
        ports, alice, space_id, acting.PASSPORT.replace("ten", "five"), year=2026
    )
    where = {"field": "metadata.year", "op": "gte", "value": 2025}
    query = await acting.ask(ports, alice, [space_id], QUESTION, filter=where)
    assert query.answer is not None
    assert {c.document_id for c in query.answer.citations} == {wanted}


async def test_a_changed_description_is_what_the_next_question_is_filtered_by(
    ports: Ports, alice: Principal
) -> None:
    space_id = await acting.space(ports, alice)
    document_id = await acting.upload(ports, alice, space_id, acting.PASSPORT, year=2024)
    found = await documents.get(ports, alice, document_id)
    wanted = documents.Description(title="new", metadata={"year": 2026}, tags=())
    await documents.describe(ports, found, wanted, found.etag)
    where = {"field": "metadata.year", "op": "eq", "value": 2026}
    asked = queries.Asked(space_ids=(space_id,), question=QUESTION, filter=where)
    accepted = await queries.ask(ports, alice, asked)
    await acting.work(ports, kinds=(JobKind.ANSWER,))
    answer = (await queries.get(ports, alice, accepted.query.value.id)).value.answer
    assert answer is not None
    assert answer.citations[0].title == "new"


async def test_a_bad_filter_is_refused_before_anything_is_stored(
    ports: Ports, alice: Principal
) -> None:
    space_id = await acting.space(ports, alice)
    asked = queries.Asked(space_ids=(space_id,), question=QUESTION, filter={"op": "eq"})
    with pytest.raises(InvalidInputError, match="exactly field, op and value"):
        await queries.ask(ports, alice, asked)
    assert await ports.records.count(QUERIES, alice.space(space_id)) == 0


async def test_asking_a_foreign_space_is_like_asking_a_missing_one(
    ports: Ports, alice: Principal, mallory: Principal
) -> None:
    theirs = await acting.space(ports, alice)
    own = await acting.space(ports, mallory)
    with pytest.raises(NotFoundError) as refused:
        await queries.ask(ports, mallory, queries.Asked(space_ids=(own, theirs), question="?"))
    assert refused.value.facts == {"id": theirs}


async def test_a_query_is_hidden_from_strangers_and_from_keys_kept_elsewhere(
    ports: Ports, alice: Principal, mallory: Principal
) -> None:
    one, two = [await acting.space(ports, alice) for _ in range(2)]
    query = await acting.ask(ports, alice, [one, two], QUESTION)
    for stranger in (mallory, replace(alice, space_ids=frozenset({one}))):
        with pytest.raises(NotFoundError):
            await queries.get(ports, stranger, query.id)


async def test_a_result_that_is_not_there_yet_says_so(ports: Ports, alice: Principal) -> None:
    space_id = await acting.space(ports, alice)
    asked = queries.Asked(space_ids=(space_id,), question=QUESTION)
    accepted = await queries.ask(ports, alice, asked)
    with pytest.raises(NotReadyError) as refused:
        await queries.result(ports, alice, accepted.query.value.id)
    assert refused.value.facts == {"status": "pending"}


async def test_an_explanation_shows_candidates_terms_and_stage_times(
    ports: Ports, alice: Principal
) -> None:
    space_id = await acting.space(ports, alice)
    await acting.upload(ports, alice, space_id, acting.PASSPORT)
    query = await acting.ask(ports, alice, [space_id], QUESTION)
    explained = await queries.explain(ports, alice, query.id)
    assert explained.passages_searched == 1
    assert explained.candidates[0].used
    assert all(weight > 0 for _, weight in explained.terms)
    assert explained.stages_ms
    assert all(spent >= 0 for spent in explained.stages_ms.values())


async def test_a_later_verdict_replaces_the_earlier_one_of_the_same_author(
    ports: Ports, alice: Principal
) -> None:
    space_id = await acting.space(ports, alice)
    query = await acting.ask(ports, alice, [space_id], QUESTION)
    await queries.judge(ports, alice, query.id, 1, "good")
    last = await queries.judge(ports, alice, query.id, -1, "wrong page")
    found = await ports.records.get(FEEDBACK, alice.space(space_id), last.id)
    assert found is not None
    assert (found.value.rating, found.value.comment) == (-1, "wrong page")
    assert await ports.records.count(FEEDBACK, alice.space(space_id)) == 1


async def test_deleting_a_document_withholds_its_quotes_from_earlier_answers(
    ports: Ports, alice: Principal
) -> None:
    one, two = [await acting.space(ports, alice) for _ in range(2)]
    document_id = await acting.upload(ports, alice, two, acting.PASSPORT)
    query = await acting.ask(ports, alice, [one, two], QUESTION)
    assert query.answer is not None
    assert "ten years" in query.answer.text
    await documents.delete(ports, alice, document_id)
    await acting.work(ports)
    after = (await queries.get(ports, alice, query.id)).value.answer
    assert after is not None
    assert "ten years" not in repr(after)
    with pytest.raises(GoneError):
        await verifying.verify_citation(ports, alice, query.id, 1)
    with pytest.raises(GoneError):
        await queries.explain(ports, alice, query.id)
    receipt = (await receipts.get(ports, alice, document_id)).value
    assert receipt.removed == {"passages": 1, "blobs": 3, "quotations": 1}


async def test_a_deleted_document_is_unfindable_at_once(ports: Ports, alice: Principal) -> None:
    space_id = await acting.space(ports, alice)
    document_id = await acting.upload(ports, alice, space_id, acting.PASSPORT)
    await documents.delete(ports, alice, document_id)
    answer = await acting.ask_now(ports, alice, [space_id], QUESTION)
    assert answer.band is Band.NOTHING
    with pytest.raises(NotFoundError):
        await documents.get(ports, alice, document_id)


async def test_an_answer_made_while_its_source_was_deleted_withholds_it(
    ports: Ports, alice: Principal
) -> None:
    space_id = await acting.space(ports, alice)
    document_id = await acting.upload(ports, alice, space_id, acting.PASSPORT)
    found = await ports.index.search(alice.space(space_id), QUESTION, limit=5)
    frozen = replace(ports, index=_Remembering(found))  # type: ignore[arg-type]
    await documents.delete(ports, alice, document_id)
    answer = await acting.ask_now(frozen, alice, [space_id], QUESTION)
    assert "ten years" not in repr(answer)


class _Remembering:
    """An index that still finds what it found before: the moment between search and deletion."""

    def __init__(self, found: object) -> None:
        self._found = found

    async def search(self, *_: object, **__: object) -> object:
        return self._found
