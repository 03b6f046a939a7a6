"""Answering a query: search, answer from what was found, store. Tells of it as it goes.

The answer and the end of its job are committed together, notes of whom it quotes before. A
deleted document leaves the index at once. One that is deleted while an answer is made from it is
withheld: either the erasure finds the note, or the second look taken here finds the deletion.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from app.core import answering, erasure, events, filters, queries
from app.core.errors import StaleEtagError
from app.core.kinds import DOCUMENTS, EXPLANATIONS, QUERIES, QUOTATIONS
from app.core.live import Live
from app.core.models import (
    Answer,
    Explanation,
    FailureReason,
    Lease,
    Partition,
    Query,
    QueryStatus,
    Quotation,
    Stored,
    VersionRef,
)
from app.core.ports import Candidate, Ports, Put, Settle

CANDIDATES = 50  # proposed by search for each space
_EXPLAINED = 20


async def respond(ports: Ports, live: Live, lease: Lease) -> None:
    """Answer the job's query and settle its lease; one that was cancelled is only settled."""
    found = await ports.records.get(QUERIES, lease.job.partition, lease.job.subject_id)
    if found is None or found.value.status in queries.ENDED:
        await ports.records.commit(lease.job.partition, Settle(lease=lease))
        return
    live.open(found.value.id)
    try:
        answered = await _answered(ports, live, found.value)
        await _store(ports, live, lease, (found, answered))
    finally:
        live.close(found.value.id)


async def give_up(ports: Ports, live: Live, lease: Lease) -> None:
    """Record that the query failed after all attempts; the lease is not settled."""
    while True:
        found = await ports.records.get(QUERIES, lease.job.partition, lease.job.subject_id)
        if found is None or found.value.status in queries.ENDED:
            return
        failed = replace(
            found.value,
            status=QueryStatus.FAILED,
            reason=FailureReason.EXHAUSTED,
            completed_at=datetime.now(UTC),
        )
        try:
            await ports.records.commit(
                lease.job.partition, Put(kind=QUERIES, value=failed, if_etag=found.etag)
            )
        except StaleEtagError:
            continue
        live.tell(failed.id, "error", events.failed(failed))
        return


async def _answered(ports: Ports, live: Live, query: Query) -> answering.Answered | None:
    """Return what came of the query; None if it was cancelled on the way."""
    live.tell(query.id, "status", events.status(query))
    where = filters.parse(query.filter) if query.filter is not None else None
    places = [Partition(query.tenant_id, space_id) for space_id in query.space_ids]
    found = [
        await ports.index.search(place, query.question, limit=CANDIDATES, where=where)
        for place in places
    ]
    asking = answering.Asking(
        question=query.question,
        found=found,
        composer=ports.composer,
        fallback=answering.ExtractiveComposer(ports.analyzer),
        reader=_Source(ports, query.tenant_id).read,
        language=query.language,
        top_k=query.top_k,
    )
    async for event in answering.stream(asking):
        if live.cancelled(query.id):
            return None
        match event:
            case answering.PassagesFound(count):
                live.tell(query.id, "passages", events.passages(count))
            case answering.SentenceReady(sentence, fresh):
                live.tell(query.id, "sentence", events.sentence(sentence, fresh))
            case answering.Answered():
                return event
    raise AssertionError("a stream ends with what was answered")


@dataclass(frozen=True, slots=True)
class _Source:
    """Reads stored text for the checking of citations."""

    ports: Ports
    tenant_id: str

    async def read(self, candidate: Candidate, start: int, end: int) -> bytes:
        """Return bytes of the text of the candidate's version, as stored now."""
        ref = VersionRef(
            tenant_id=self.tenant_id,
            space_id=candidate.space_id,
            document_id=candidate.passage.document_id,
            version=candidate.passage.version,
        )
        return await self.ports.blobs.read_range(ref, "text", start, end)


async def _store(
    ports: Ports,
    live: Live,
    lease: Lease,
    outcome: tuple[Stored[Query], answering.Answered | None],
) -> None:
    found, answered = outcome
    if answered is None:
        await ports.records.commit(lease.job.partition, Settle(lease=lease))
        return
    completed = replace(
        found.value,
        status=QueryStatus.COMPLETED,
        answer=answered.answer,
        completed_at=datetime.now(UTC),
    )
    await ports.meter.answer(completed, answered.answer.usage)  # it is spent, come what may
    home = lease.job.partition
    notes = _quotations(completed, answered.answer)
    for place, elsewhere in notes.items():
        if place != home:
            await ports.records.commit(place, *elsewhere)
    try:
        etags = await ports.records.commit(
            home,
            Put(kind=QUERIES, value=completed, if_etag=found.etag),
            Put(kind=EXPLANATIONS, value=_explanation(completed, answered)),
            *notes.get(home, ()),
            Settle(lease=lease),
        )
    except StaleEtagError:  # cancelled while it was answered
        await ports.records.commit(home, Settle(lease=lease))
        return
    final = await _second_look(ports, Stored(completed, etags[0]))
    live.tell(final.id, "done", events.done(final))


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


def _explanation(query: Query, answered: answering.Answered) -> Explanation:
    return Explanation(
        id=query.id,
        terms=answered.found.terms,
        candidates=answered.explained[:_EXPLAINED],
        stages_ms=answered.stages_ms,
        passages_searched=answered.found.passages_searched,
    )


async def _second_look(ports: Ports, stored: Stored[Query]) -> Query:
    """Withhold what was deleted while the answer was made; return the query as it stands."""
    query = stored.value
    answer = query.answer
    if answer is None:
        return query
    for space_id in dict.fromkeys(c.space_id for c in answer.citations):
        cited = {c.document_id for c in answer.citations if c.space_id == space_id}
        place = Partition(query.tenant_id, space_id)
        found = await ports.records.get_many(DOCUMENTS, place, sorted(cited))
        alive = {id_ for id_, one in found.items() if one.value.deleted_at is None}
        for document_id in sorted(cited - alive):
            answer = erasure.without(answer, document_id)
    if answer is query.answer:
        return query
    withheld = replace(query, answer=answer)
    try:
        await ports.records.commit(
            queries.place(query), Put(kind=QUERIES, value=withheld, if_etag=stored.etag)
        )
    except StaleEtagError:  # the erasure came first and did the same
        again = await ports.records.get(QUERIES, queries.place(query), query.id)
        return again.value if again else withheld
    return withheld
