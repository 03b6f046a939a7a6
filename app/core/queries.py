"""Queries: ask, read, list, cancel, verify a citation, explain, judge. Answering: `responding`."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from app.core import filters, spaces
from app.core.access import Principal
from app.core.errors import (
    ConflictError,
    GoneError,
    InvalidInputError,
    NotFoundError,
    NotReadyError,
    QueryFailedError,
    StaleEtagError,
)
from app.core.ids import new_id
from app.core.kinds import EXPLANATIONS, FEEDBACK, QUERIES
from app.core.live import Live
from app.core.models import (
    Explanation,
    Feedback,
    Job,
    JobKind,
    Lease,
    Page,
    Partition,
    Query,
    QueryStatus,
    Stored,
)
from app.core.ports import Enqueue, Listing, Ports, Put
from app.core.work import LEASE_S

ENDED = frozenset({QueryStatus.COMPLETED, QueryStatus.FAILED, QueryStatus.CANCELLED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a client asks. `filter` is the JSON form that `filters.parse` reads."""

    space_ids: tuple[str, ...]
    question: str
    top_k: int = 5
    filter: Mapping[str, object] | None = None
    language: str | None = None


@dataclass(frozen=True, slots=True)
class Accepted:
    """A durable query; `lease` is set when this process is to answer it itself."""

    query: Stored[Query]
    lease: Lease | None


async def prepare(
    ports: Ports, principal: Principal, asked: Asked, *, id_: str | None = None
) -> Query | Stored[Query]:
    """Return a question that may be asked, counted but not durable yet; or the one of this id.

    Raises NotFoundError for any space that is not visible, InvalidInputError for a bad filter,
    BudgetExceededError.
    """
    if asked.filter is not None:
        filters.parse(asked.filter)
    for space_id in asked.space_ids:
        await spaces.get(ports, principal, space_id)
    if id_ is not None and (known := await _known(ports, principal, id_)):
        return known
    query = Query(
        id=id_ or new_id("qry"),
        tenant_id=principal.tenant_id,
        space_ids=tuple(dict.fromkeys(asked.space_ids)),
        question=asked.question,
        language=asked.language,
        top_k=asked.top_k,
        filter=asked.filter,
        created_at=datetime.now(UTC),
        created_by=principal.id,
    )
    await ports.meter.question(query.tenant_id, query.created_by, query.space_ids)
    return query


async def accept(ports: Ports, prepared: Query, *, here: bool = False) -> Accepted:
    """Make a question durable; with `here` its job is born leased to the calling process.

    One that another request under its Idempotency-Key has made durable meanwhile is as it was.
    """
    status = QueryStatus.PROCESSING if here else QueryStatus.PENDING
    query = replace(prepared, status=status)
    lease = _lease(query) if here else None
    put = Put(kind=QUERIES, value=query, if_absent=True)
    enqueue = Enqueue(job=_job(query) if lease is None else lease.job, lease=lease)
    try:
        [etag, _] = await ports.records.commit(place(query), put, enqueue)
    except ConflictError:
        known = await ports.records.get(QUERIES, place(query), query.id)
        if known is None:
            raise
        return Accepted(known, None)
    return Accepted(Stored(query, etag), lease)


async def ask(
    ports: Ports,
    principal: Principal,
    asked: Asked,
    *,
    id_: str | None = None,
    here: bool = False,
) -> Accepted:
    """Prepare a question and accept it; one that is known by its id is as it was."""
    prepared = await prepare(ports, principal, asked, id_=id_)
    if isinstance(prepared, Stored):
        return Accepted(prepared, None)
    return await accept(ports, prepared, here=here)


async def _known(ports: Ports, principal: Principal, query_id: str) -> Stored[Query] | None:
    try:
        return await get(ports, principal, query_id)
    except NotFoundError:
        return None


def place(query: Query) -> Partition:
    """Return the partition that the query lives in: its first space's."""
    return Partition(query.tenant_id, query.space_ids[0])


async def get(ports: Ports, principal: Principal, query_id: str) -> Stored[Query]:
    """Return a query all of whose spaces the principal can see; NotFoundError otherwise."""
    found = await ports.records.find(QUERIES, principal.tenant_id, query_id)
    if found is None:
        raise NotFoundError(id=query_id)
    await require_visible(ports, principal, found.value)
    return found


async def require_visible(ports: Ports, principal: Principal, query: Query) -> None:
    """Raise NotFoundError unless the principal sees all of the query's spaces as they are now."""
    await spaces.get(ports, principal, query.space_ids[0])
    others = frozenset(query.space_ids[1:])
    if others and await spaces.reachable(ports, principal, others) != others:
        raise NotFoundError(id=query.id)


async def page(
    ports: Ports, principal: Principal, space_id: str, listing: Listing
) -> Page[Stored[Query]]:
    """List the queries whose first space this is; a page has fewer where `get` would find none."""
    await spaces.get(ports, principal, space_id)
    found = await ports.records.page(QUERIES, principal.space(space_id), listing)
    others = {id_ for one in found.items for id_ in one.value.space_ids} - {space_id}
    reached = await spaces.reachable(ports, principal, others) | {space_id}
    visible = (one for one in found.items if reached.issuperset(one.value.space_ids))
    return replace(found, items=tuple(visible))


async def result(ports: Ports, principal: Principal, query_id: str) -> Stored[Query]:
    """Return a completed query; NotReadyError while it runs, QueryFailedError if it failed."""
    found = await get(ports, principal, query_id)
    status = found.value.status
    if status is QueryStatus.COMPLETED:
        return found
    if status in ENDED:
        reason = found.value.reason.value if found.value.reason else status.value
        raise QueryFailedError(reason=reason)
    raise NotReadyError(status=status.value)


async def cancel(ports: Ports, live: Live, principal: Principal, query_id: str) -> Stored[Query]:
    """Stop a query; one that has ended stays as it is (ConflictError)."""
    while True:
        found = await get(ports, principal, query_id)
        if found.value.status is QueryStatus.CANCELLED:
            return found
        if found.value.status in ENDED:
            raise ConflictError(reason=f"the query is {found.value.status.value}")
        stopped = replace(found.value, status=QueryStatus.CANCELLED, completed_at=datetime.now(UTC))
        try:
            [etag] = await ports.records.commit(
                place(stopped), Put(kind=QUERIES, value=stopped, if_etag=found.etag)
            )
        except StaleEtagError:
            continue
        live.cancel(query_id)
        return Stored(stopped, etag)


async def explain(ports: Ports, principal: Principal, query_id: str) -> Explanation:
    """Return how the answer came to be; NotReadyError until there is one."""
    query = await result(ports, principal, query_id)
    found = await ports.records.get(EXPLANATIONS, place(query.value), query_id)
    if found is None:
        raise GoneError(id=query_id)
    return found.value


async def judge(
    ports: Ports, principal: Principal, query_id: str, rating: int, comment: str
) -> Feedback:
    """Keep the caller's verdict on an answer; a later one replaces it."""
    if rating not in (-1, 1):
        raise InvalidInputError(pointer="/rating", reason="must be -1 or 1")
    query = await result(ports, principal, query_id)
    feedback = Feedback(
        id=f"{query_id}:{principal.id}",
        query_id=query_id,
        rating=rating,
        comment=comment,
        created_at=datetime.now(UTC),
        created_by=principal.id,
    )
    await ports.records.commit(place(query.value), Put(kind=FEEDBACK, value=feedback))
    return feedback


def _job(query: Query) -> Job:
    return Job(
        id=new_id("job"),
        kind=JobKind.ANSWER,
        tenant_id=query.tenant_id,
        space_id=query.space_ids[0],
        subject_id=query.id,
        created_at=query.created_at,
    )


def _lease(query: Query) -> Lease:
    return Lease(
        job=_job(query),
        token=secrets.token_hex(8),
        attempt=1,
        expires_at=datetime.now(UTC) + timedelta(seconds=LEASE_S),
    )
