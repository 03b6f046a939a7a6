"""Asking: a query is durable before anybody hears of it, and answered in this process if it can.

The client chooses how it hears: it polls (202), waits a while (`Prefer: wait=N`), or listens
(`Accept: text/event-stream`).
"""

import asyncio
import time
from contextlib import ExitStack, nullcontext

from starlette.responses import Response

from app.core import events, queries, responding
from app.core.errors import OverloadedError
from app.core.models import Query, QueryStatus, Stored
from app.core.queries import Accepted, Asked
from app.web import acceptance, etags, preferences, shapes
from app.web.answers import Answer, Retold
from app.web.event_stream import MEDIA_TYPE, EventStream
from app.web.listeners import counted
from app.web.routing import API
from app.web.services import Call
from app.web.telemetry import SHED

_POLL_S = 0.1


async def answer(call: Call, asked: Asked) -> Response:
    """Make a question durable and answer in the way that the client prefers; OverloadedError."""
    with ExitStack() as place:
        if call.services.worker is not None:
            _take(call, place)
        return await _answer(call, asked, place)


def _take(call: Call, place: ExitStack) -> None:
    try:
        place.enter_context(call.services.answers.one())
    except OverloadedError:
        call.request.scope[SHED] = True
        raise


async def _answer(call: Call, asked: Asked, place: ExitStack) -> Response:
    kinds = ("application/json", MEDIA_TYPE)
    listens = acceptance.chosen(call.request.headers.get("accept"), kinds) == MEDIA_TYPE
    wait_s = preferences.wait_s(call.request.headers, call.services.limits.max_wait_s)
    prepared = await queries.prepare(call.ports, call.principal, asked, id_=call.id_for("qry"))
    if isinstance(prepared, Query):
        if listens:
            return await _heard(call, prepared, place)
        return _told(await _answered(call, prepared, wait_s, place), wait_s)
    if listens:
        call.services.listeners.expect(prepared.value.id)
        return stream(call, prepared.value.id)
    if wait_s:
        prepared = await ended(call, prepared.value.id, wait_s)
    return _told(prepared, wait_s)


async def _heard(call: Call, prepared: Query, place: ExitStack) -> Response:
    """Begin to answer while the question is accepted; nothing is told of it before."""
    here = call.services.worker is not None
    begun = responding.beginning(call.ports, call.services.live, prepared)
    async with begun if here else nullcontext():
        accepted = await queries.accept(call.ports, prepared, here=here)
        call.services.listeners.expect(prepared.id)
        _begin(call, accepted, place)
    return stream(call, prepared.id)


async def _answered(call: Call, prepared: Query, wait_s: float, place: ExitStack) -> Stored[Query]:
    """Return the query as it stands after the wait, durable."""
    live, here, began = call.services.live, call.services.worker is not None, time.monotonic()
    with live.beginning(prepared.id):
        if wait_s and here:
            found = await responding.at_once(call.ports, live, call.principal, prepared, wait_s)
            if found is not None:
                return found
        accepted = await queries.accept(call.ports, prepared, here=here)
        working = _begin(call, accepted, place)
    left_s = wait_s - (time.monotonic() - began)
    if left_s <= 0:
        return accepted.query
    return await ended(call, prepared.id, left_s, working)


def stream(call: Call, query_id: str, *, after: int = 0) -> EventStream:
    """Return the events of a query, those the client saw left out."""
    services = call.services
    told = events.follow(call.ports, services.live, call.principal, query_id, after=after)
    return EventStream(
        counted(services.listeners, call.principal, query_id, told),
        heartbeat_s=services.limits.heartbeat_s,
        headers={"Location": f"{API}/queries/{query_id}"},
    )


async def ended(
    call: Call, query_id: str, wait_s: float, working: asyncio.Task[object] | None = None
) -> Stored[Query]:
    """Return a query when it has ended, or as it stands after the wait.

    What came of it in this process is not read again, but whether it may be seen is.
    """
    until = time.monotonic() + wait_s
    if working is not None:
        await asyncio.wait({working}, timeout=wait_s)
        made = working.result() if working.done() and not working.cancelled() else None
        if isinstance(made, Stored):
            await queries.require_visible(call.ports, call.principal, made.value)
            return made
    while True:
        found = await queries.get(call.ports, call.principal, query_id)
        left = until - time.monotonic()
        if found.value.status in queries.ENDED or left <= 0:
            return found
        await asyncio.sleep(min(_POLL_S, left))


def tag(found: Stored[Query]) -> str:
    """Return the ETag of a query."""
    return etags.tag(found.etag)


def _begin(call: Call, accepted: Accepted, place: ExitStack) -> asyncio.Task[object] | None:
    """Hand a query over to this process's worker, its channel open before anybody listens.

    The place that was taken for it is given back when it ends.
    """
    worker, lease = call.services.worker, accepted.lease
    if worker is None or lease is None:
        return None
    live, listeners = call.services.live, call.services.listeners
    query_id = accepted.query.value.id
    live.open(query_id, accepted.query)
    working = worker.adopt(lease)
    kept = place.pop_all()
    working.add_done_callback(lambda _: kept.close())
    working.add_done_callback(lambda _: live.close(query_id))
    working.add_done_callback(lambda _: listeners.ended(query_id))
    return working


def _told(found: Stored[Query], wait_s: float) -> Response:
    query = found.value
    headers = {"Location": f"{API}/queries/{query.id}", "ETag": tag(found)}
    if query.status is QueryStatus.COMPLETED and wait_s:
        headers["Preference-Applied"] = f"wait={wait_s:.0f}"
        return Retold(shapes.result(query), 200, headers)
    return Answer(shapes.query(query), 202, {**headers, "Retry-After": "1"})
