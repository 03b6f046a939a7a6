"""Queries: ask, poll, listen, cancel."""

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import Query
from starlette.responses import Response

from app.core import queries
from app.core.models import Query as QueryModel
from app.core.models import Stored
from app.web import asking, etags, event_stream, paging, preferences, shapes
from app.web.answers import Answer, NoContent, NotModified
from app.web.inputs.fields import QueryInPath, SpaceInPath
from app.web.inputs.queries import QueryIn, QueryListing, QuestionIn
from app.web.openapi.notes import notes
from app.web.routing import group
from app.web.services import CallDep

router = group("queries")
_EVENTS = {
    "text/event-stream": {
        "schema": {
            "description": "Events `status`, `passages`, `sentence`…, then `done` or `error`; "
            "each has an `id` and JSON `data` with a `type`.",
        },
        "example": 'id: 1\nevent: status\ndata: {"type":"status","status":"processing"}\n\n',
    }
}
_ASKED: dict[int | str, dict[str, Any]] = {
    200: {
        "model": shapes.QueryResult,
        "description": "The result, with `Prefer: wait=N`; or its events as they come.",
        "content": _EVENTS,
    }
}
_ASKING = notes(
    problems=("not-acceptable", "not-found", "overloaded"),
    takes=("Prefer",),
    gives={202: ("Location", "ETag", "Retry-After"), 200: ("Location", "Preference-Applied")},
)


@router.post(
    "/queries",
    operation_id="createQuery",
    status_code=202,
    response_model=shapes.Query,
    summary="Ask a question",
    responses=_ASKED,
    openapi_extra=_ASKING,
)
async def create(call: CallDep, body: QueryIn) -> Response:
    """Ask one or several spaces. Poll, wait (`Prefer: wait=N`) or listen (`text/event-stream`)."""
    return await asking.answer(call, body.asked(body.spaces))


@router.post(
    "/spaces/{space_id}/query",
    operation_id="querySpace",
    status_code=202,
    response_model=shapes.Query,
    summary="Ask a space a question",
    responses=_ASKED,
    openapi_extra=_ASKING,
)
async def create_below(call: CallDep, space_id: SpaceInPath, body: QuestionIn) -> Response:
    """Ask this space; the same as `createQuery` with one space."""
    return await asking.answer(call, body.asked((space_id,)))


@router.get(
    "/queries",
    operation_id="listQueries",
    response_model=shapes.QueryPage,
    summary="List the queries of a space",
    openapi_extra=notes(problems=("bad-cursor", "not-found"), gives={200: ("Link",)}),
)
async def list_(call: CallDep, query: Annotated[QueryListing, Query()]) -> Response:
    """List the queries whose first space this is."""
    listing = paging.listing(call, query, query.where())
    page = await queries.page(call.ports, call.principal, query.space_id, listing)

    async def view(found: Sequence[Stored[QueryModel]]) -> list[shapes.Query]:
        return [shapes.query(one.value) for one in found]

    return await paging.answer(call, page, view)


@router.get(
    "/queries/{query_id}",
    operation_id="getQuery",
    response_model=shapes.Query,
    summary="Read a query's state",
    responses={304: {"description": "The client's copy is still good."}},
    openapi_extra=notes(takes=("If-None-Match",), gives={200: ("ETag",), 304: ("ETag",)}),
)
async def get(call: CallDep, query_id: QueryInPath) -> Response:
    """Read where a query is."""
    found = await queries.get(call.ports, call.principal, query_id)
    if etags.unchanged(call.request.headers, asking.tag(found)):
        return NotModified(asking.tag(found))
    return Answer(shapes.query(found.value), headers={"ETag": asking.tag(found)})


@router.get(
    "/queries/{query_id}/result",
    operation_id="getQueryResult",
    response_model=shapes.QueryResult,
    summary="Read the answer",
    responses={304: {"description": "The client's copy is still good."}},
    openapi_extra=notes(
        problems=("not-ready", "query-failed"),
        takes=("Prefer", "If-None-Match"),
        gives={200: ("ETag",), 304: ("ETag",)},
    ),
)
async def result(call: CallDep, query_id: QueryInPath) -> Response:
    """Read the answer with its citations; 425 until there is one. `Prefer: wait=N` waits."""
    headers = call.request.headers
    if wait_s := preferences.wait_s(headers, call.services.limits.max_wait_s):
        await asking.ended(call, query_id, wait_s)
    found = await queries.result(call.ports, call.principal, query_id)
    etag = etags.tag(found.etag, "result")
    if etags.unchanged(headers, etag):
        return NotModified(etag)
    return Answer(shapes.result(found.value), headers={"ETag": etag})


@router.get(
    "/queries/{query_id}/events",
    operation_id="streamQueryEvents",
    status_code=200,
    summary="Listen to a query",
    responses={200: {"description": "The query's events.", "content": _EVENTS}},
    response_class=Response,
    openapi_extra=notes(takes=("Last-Event-ID",), gives={200: ("Location",)}),
)
async def events(call: CallDep, query_id: QueryInPath) -> Response:
    """Listen to a query's events, or go on listening behind `Last-Event-ID`."""
    after = event_stream.resumed_after(call.request.headers.get("last-event-id"))
    await queries.get(call.ports, call.principal, query_id)
    return asking.stream(call, query_id, after=after)


@router.delete(
    "/queries/{query_id}",
    operation_id="cancelQuery",
    status_code=204,
    summary="Cancel a query",
    openapi_extra=notes(problems=("conflict",), takes=("If-Match",)),
)
async def cancel(call: CallDep, query_id: QueryInPath) -> Response:
    """Stop a query that has not ended; one that has stays as it is (409)."""
    found = await queries.get(call.ports, call.principal, query_id)
    etags.expected(call.request.headers, found.etag)
    await queries.cancel(call.ports, call.services.live, call.principal, query_id)
    return NoContent()
