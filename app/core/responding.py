"""Answering a query: search, answer from what was found, store. Tells of it as it goes.

The answer and the end of its job are committed together, notes of whom it quotes before. A
deleted document leaves the index at once. One that is deleted while an answer is made from it is
withheld: either the erasure finds the note, or the look taken in that commit finds the deletion.

Who waits is told of the question and the answer at once, and one commit makes both durable
(`at_once`). If the wait ends first the question is accepted, and its job goes on with what was
begun. Who listens hears nothing before the question is accepted, but the work begins meanwhile
(`beginning`). Everybody else was told of the question before.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from app.core import answering, completing, events, filters, looking_again, queries
from app.core.access import Principal
from app.core.errors import ConflictError, EvaError, StaleEtagError
from app.core.kinds import QUERIES
from app.core.live import Live
from app.core.models import (
    FailureReason,
    Lease,
    Partition,
    Query,
    QueryStatus,
    Stored,
    VersionRef,
)
from app.core.ports import Candidate, Ports, Put, Settle

_log = logging.getLogger("eva.answers")


def candidates(top_k: int) -> int:
    """Return how many passages search is to propose in each space; with more, answers are equal."""
    return max(20, 4 * top_k)


async def respond(ports: Ports, live: Live, lease: Lease) -> Stored[Query] | None:
    """Answer the job's query, settle its lease, and return the query with its answer, as stored.

    One that was cancelled is only settled. One that was accepted here is not read again: if it
    has changed since, its tag has, too.
    """
    found = live.accepted(lease.job.subject_id)
    if found is None:
        found = await ports.records.get(QUERIES, lease.job.partition, lease.job.subject_id)
    if found is None or found.value.status in queries.ENDED:
        await ports.records.commit(lease.job.partition, Settle(lease=lease))
        return None
    live.open(found.value.id)
    try:
        answered = await (live.begun(found.value.id) or _answered(ports, live, found.value))
        return await _store(ports, live, lease, (found, answered))
    finally:
        live.close(found.value.id)


@asynccontextmanager
async def beginning(ports: Ports, live: Live, query: Query) -> AsyncIterator[None]:
    """Answer a question while it is accepted inside; unless it is, the work ends with that."""
    with live.beginning(query.id):
        live.begin(query.id, _answered(ports, live, query))
        yield


async def at_once(
    ports: Ports, live: Live, principal: Principal, query: Query, within_s: float
) -> Stored[Query] | None:
    """Answer a question that nobody was told of yet; durable on return, question and answer.

    None if it takes longer, or can't be done now, and nothing is kept of it: then it is to be
    accepted, and its job is tried until it is done; a model's work goes on in `live` meanwhile.
    None, too, if another request under its Idempotency-Key was first: accepting it finds that.
    NotFoundError if a space of it was deleted or closed to the principal meanwhile.
    """
    answered = await _within(ports, live, query, within_s)
    if answered is None:
        return None
    completed = completing.completed(query, answered)
    changes = await completing.changes(ports, completed, answered)
    put = Put(kind=QUERIES, value=completed, if_absent=True)
    try:
        final = await looking_again.committed(ports, put, *changes)
    except ConflictError:
        return None
    await looking_again.require_visible(ports, principal, query, changes)
    return final


async def _within(
    ports: Ports, live: Live, query: Query, within_s: float
) -> answering.Answered | None:
    """Return what came of the query in this time; None if nothing did."""
    try:
        if ports.composer.name == answering.ExtractiveComposer.NAME:  # takes milliseconds
            async with asyncio.timeout(within_s):
                return await answering.answer(await _asking(ports, query))
        begun = live.begin(query.id, _answered(ports, live, query))
        if begun is None:
            return None
        await asyncio.wait({begun}, timeout=within_s)
        if begun.done():
            live.close(query.id)
            return None if begun.cancelled() else begun.result()
    except Exception as error:  # noqa: BLE001 - its job meets it again, and is counted
        _log.info("not answered at once: %r", error)
    return None


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
    """Return what came of the query; None if it was cancelled on the way.

    What a model spent on it is counted, come what may; where it ends well, durably.
    """
    live.tell(query.id, "status", events.status(query))
    asking = await _asking(ports, query)
    try:
        answered = await _told(live, query, asking)
    except BaseException:
        with suppress(EvaError):  # counted, and kept as soon as that can be
            await ports.meter.answer(query, asking.composing.usage())
        raise
    await ports.meter.answer(query, asking.composing.usage())
    return answered


async def _told(live: Live, query: Query, asking: answering.Asking) -> answering.Answered | None:
    """Answer, and tell of it as it goes."""
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


async def _asking(ports: Ports, query: Query) -> answering.Asking:
    """Search; return the question, what was found, and the means to answer."""
    where = filters.parse(query.filter) if query.filter is not None else None
    places = [Partition(query.tenant_id, space_id) for space_id in query.space_ids]
    found = [
        await ports.index.search(place, query.question, limit=candidates(query.top_k), where=where)
        for place in places
    ]
    return answering.Asking(
        question=query.question,
        found=found,
        composing=answering.Composing(
            ports.composer, fallback=answering.ExtractiveComposer(ports.analyzer)
        ),
        reader=_Source(ports, query.tenant_id).read,
        language=query.language,
        top_k=query.top_k,
    )


@dataclass(frozen=True, slots=True)
class _Source:
    """Reads stored text for the checking of citations."""

    ports: Ports
    tenant_id: str

    async def read(self, candidate: Candidate, start: int, end: int) -> bytes:
        """Return bytes of the text of the candidate's version, as stored a moment ago."""
        ref = VersionRef(
            tenant_id=self.tenant_id,
            space_id=candidate.space_id,
            document_id=candidate.passage.document_id,
            version=candidate.passage.version,
        )
        return await self.ports.blobs.read_text(ref, start, end)


async def _store(
    ports: Ports,
    live: Live,
    lease: Lease,
    outcome: tuple[Stored[Query], answering.Answered | None],
) -> Stored[Query] | None:
    found, answered = outcome
    if answered is None:
        await ports.records.commit(lease.job.partition, Settle(lease=lease))
        return None
    completed = completing.completed(found.value, answered)
    changes = await completing.changes(ports, completed, answered)
    put = Put(kind=QUERIES, value=completed, if_etag=found.etag)
    try:
        final = await looking_again.committed(ports, put, *changes, Settle(lease=lease))
    except StaleEtagError:  # cancelled while it was answered
        await ports.records.commit(lease.job.partition, Settle(lease=lease))
        return None
    live.tell(completed.id, "done", events.done(final.value))
    return final
