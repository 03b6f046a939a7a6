"""What is kept of an answer: the query with it, how it came to be, and notes of whom it quotes."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

from app.core import answering, queries
from app.core.kinds import EXPLANATIONS, QUOTATIONS
from app.core.models import Answer, Explanation, Partition, Query, QueryStatus, Quotation
from app.core.ports import Ports, Put

_EXPLAINED = 20


def completed(query: Query, answered: answering.Answered) -> Query:
    """Return the query with its answer."""
    return replace(
        query,
        status=QueryStatus.COMPLETED,
        answer=answered.answer,
        completed_at=datetime.now(UTC),
    )


async def changes(ports: Ports, query: Query, answered: answering.Answered) -> list[Put]:
    """Return what is committed beside the query; notes that belong elsewhere are durable before."""
    home, kept = queries.place(query), [_explanation(query, answered)]
    for place, notes in _quotations(query, answered.answer).items():
        if place == home:
            kept += notes
        else:
            await ports.records.commit(place, *notes)
    return kept


def _quotations(query: Query, answer: Answer) -> Mapping[Partition, list[Put]]:
    """Return the notes of which documents the answer quotes, by where they are kept."""
    notes: dict[Partition, list[Put]] = {}
    quoted = dict.fromkeys((c.space_id, c.document_id) for c in answer.citations)
    for space_id, document_id in quoted:
        note = Quotation(
            id=f"{document_id}:{query.id}",
            query_id=query.id,
            query_space_id=query.space_ids[0],
        )
        place = Partition(query.tenant_id, space_id)
        notes.setdefault(place, []).append(Put(kind=QUOTATIONS, value=note))
    return notes


def _explanation(query: Query, answered: answering.Answered) -> Put:
    explanation = Explanation(
        id=query.id,
        terms=answered.found.terms,
        candidates=answered.explained[:_EXPLAINED],
        stages_ms=answered.stages_ms,
        passages_searched=answered.found.passages_searched,
        words_alone=answered.found.words_alone,
    )
    return Put(kind=EXPLANATIONS, value=explanation)
