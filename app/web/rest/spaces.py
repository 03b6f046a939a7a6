"""Spaces."""

import asyncio
from collections.abc import Sequence
from typing import Annotated

from fastapi import Query
from starlette.responses import Response

from app.core import spaces
from app.core.models import Space, Stored
from app.web import etags, paging, shapes
from app.web.answers import Answer, NotModified
from app.web.inputs.fields import SpaceInPath
from app.web.inputs.paging import Paging
from app.web.inputs.spaces import SpaceIn, SpacePatch
from app.web.openapi.notes import notes
from app.web.rest.receipts import deleted
from app.web.routing import API, group
from app.web.services import Call, CallDep

router = group("spaces")


@router.post(
    "/spaces",
    operation_id="createSpace",
    status_code=201,
    response_model=shapes.Space,
    summary="Create a space",
    openapi_extra=notes(gives={201: ("Location", "ETag")}),
)
async def create(call: CallDep, body: SpaceIn) -> Response:
    """Create a space to put documents into."""
    id_ = call.id_for("spc")
    made = await spaces.create(call.ports, call.principal, body.content(), id_=id_)
    count = 0 if id_ is None else await _count(call, made.value.id)  # it may have been made before
    headers = {
        "ETag": etags.tag(made.etag, count),
        "Location": f"{API}/spaces/{made.value.id}",
    }
    return Answer(shapes.space(made.value, count), 201, headers)


@router.get(
    "/spaces",
    operation_id="listSpaces",
    response_model=shapes.SpacePage,
    summary="List spaces",
    openapi_extra=notes(problems=("bad-cursor",), gives={200: ("Link",)}),
)
async def list_(call: CallDep, query: Annotated[Paging, Query()]) -> Response:
    """List the spaces that the credential reaches."""
    page = await spaces.page(call.ports, call.principal, paging.listing(call, query))

    async def view(found: Sequence[Stored[Space]]) -> list[shapes.Space]:
        counts = await asyncio.gather(*(_count(call, one.value.id) for one in found))
        return [shapes.space(one.value, n) for one, n in zip(found, counts, strict=True)]

    return await paging.answer(call, page, view)


@router.get(
    "/spaces/{space_id}",
    operation_id="getSpace",
    response_model=shapes.Space,
    summary="Read a space",
    responses={304: {"description": "The client's copy is still good."}},
    openapi_extra=notes(takes=("If-None-Match",), gives={200: ("ETag",), 304: ("ETag",)}),
)
async def get(call: CallDep, space_id: SpaceInPath) -> Response:
    """Read a space and how many documents it holds."""
    return await _shown(call, await spaces.get(call.ports, call.principal, space_id))


@router.put(
    "/spaces/{space_id}",
    operation_id="replaceSpace",
    response_model=shapes.Space,
    summary="Replace a space's description",
    openapi_extra=notes(gives={200: ("ETag",)}),
)
async def replace(call: CallDep, space_id: SpaceInPath, body: SpaceIn) -> Response:
    """Replace name, description, metadata and tags; what is left out becomes empty."""
    found = await spaces.get(call.ports, call.principal, space_id)
    revision = etags.required(call.request.headers, found.etag)
    changed = await spaces.change(call.ports, call.principal, found, body.content(), revision)
    return await _shown(call, changed)


@router.patch(
    "/spaces/{space_id}",
    operation_id="updateSpace",
    response_model=shapes.Space,
    summary="Change a space's description",
    openapi_extra=notes(gives={200: ("ETag",)}),
)
async def update(call: CallDep, space_id: SpaceInPath, body: SpacePatch) -> Response:
    """Change what is named; what is left out stays. `metadata` and `tags` are replaced whole."""
    found = await spaces.get(call.ports, call.principal, space_id)
    revision = etags.required(call.request.headers, found.etag)
    content = body.content(found.value)
    changed = await spaces.change(call.ports, call.principal, found, content, revision)
    return await _shown(call, changed)


@router.delete(
    "/spaces/{space_id}",
    operation_id="deleteSpace",
    status_code=204,
    summary="Delete a space and all that is in it",
    responses={200: {"model": shapes.Receipt, "description": "`Prefer: return=representation`."}},
    openapi_extra=notes(
        takes=("If-Match", "Prefer"),
        gives={204: ("Location",), 200: ("Location", "Preference-Applied")},
    ),
)
async def delete(call: CallDep, space_id: SpaceInPath) -> Response:
    """Hide the space at once; then its documents, passages, queries and files are removed."""
    found = await spaces.get(call.ports, call.principal, space_id)
    revision = etags.expected(call.request.headers, found.etag)
    receipt = await spaces.delete(
        call.ports, call.principal, space_id, if_etag=revision, known=found
    )
    return deleted(call, receipt)


async def _count(call: Call, space_id: str) -> int:
    return await spaces.document_count(call.ports, call.principal, space_id)


async def _shown(call: Call, found: Stored[Space]) -> Response:
    count = await _count(call, found.value.id)
    etag = etags.tag(found.etag, count)
    if call.request.method == "GET" and etags.unchanged(call.request.headers, etag):
        return NotModified(etag)
    return Answer(shapes.space(found.value, count), headers={"ETag": etag})
