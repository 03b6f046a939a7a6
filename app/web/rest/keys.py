"""API keys. They also answer below `/auth/api-keys`, where they used to be."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Annotated

from fastapi import Query
from starlette.responses import Response

from app.core import key_changes, keys
from app.core.models import ApiKey, Stored
from app.web import etags, paging, shapes
from app.web.answers import Answer, NoContent, NotModified
from app.web.inputs.fields import KeyInPath
from app.web.inputs.keys import ApiKeyIn, LeakedKeyIn, RotationIn
from app.web.inputs.paging import Paging
from app.web.openapi.notes import notes
from app.web.routing import API, group
from app.web.services import CallDep

router = group("keys")
FORMER_PREFIX = "/auth/api-keys"


@router.post(
    "/auth/api-keys",
    operation_id="createApiKey",
    status_code=201,
    response_model=shapes.NewApiKey,
    summary="Issue an API key",
    openapi_extra=notes(problems=("not-found",), gives={201: ("Location", "ETag")}),
)
async def create(call: CallDep, body: ApiKeyIn) -> Response:
    """Issue a key. Its token is in this answer only; a replay of the answer has null instead."""
    issued = await keys.create(call.ports, call.principal, body.wanted(), id_=call.id_for("key"))
    key = issued.key
    headers = {"Location": f"{API}/auth/api-keys/{key.value.id}", "ETag": etags.tag(key.etag)}
    shown = shapes.new_api_key(key.value, issued.token)
    return Answer(shown, 201, headers, kept=shapes.new_api_key(key.value, None))


@router.get(
    "/auth/api-keys",
    operation_id="listApiKeys",
    response_model=shapes.ApiKeyPage,
    summary="List API keys",
    openapi_extra=notes(problems=("bad-cursor",), gives={200: ("Link",)}),
)
async def list_(call: CallDep, query: Annotated[Paging, Query()]) -> Response:
    """List the tenant's keys, revoked ones included."""
    page = await keys.page(call.ports, call.principal, paging.listing(call, query))

    async def view(found: Sequence[Stored[ApiKey]]) -> list[shapes.ApiKey]:
        used = await _uses(call, *found)
        return [shapes.api_key(one.value, used.get(one.value.id)) for one in found]

    return await paging.answer(call, page, view)


@router.get(
    "/auth/api-keys/{key_id}",
    operation_id="getApiKey",
    response_model=shapes.ApiKey,
    summary="Read an API key",
    responses={304: {"description": "The client's copy is still good."}},
    openapi_extra=notes(takes=("If-None-Match",), gives={200: ("ETag",), 304: ("ETag",)}),
)
async def get(call: CallDep, key_id: KeyInPath) -> Response:
    """Read a key; its secret is not kept and can't be shown."""
    return await _shown(call, await keys.get(call.ports, call.principal, key_id))


@router.post(
    "/auth/api-keys/{key_id}/revoke",
    operation_id="revokeApiKey",
    response_model=shapes.ApiKey,
    summary="Revoke an API key",
    openapi_extra=notes(gives={200: ("ETag",)}),
)
async def revoke(call: CallDep, key_id: KeyInPath) -> Response:
    """Revoke a key for good: at once, within a second where several processes serve.

    Revoking twice is no error.
    """
    return await _shown(call, await key_changes.revoke(call.ports, call.principal, key_id))


@router.delete(
    "/auth/api-keys/{key_id}",
    operation_id="deleteApiKey",
    status_code=204,
    summary="Revoke an API key",
    openapi_extra=notes(takes=("If-Match",)),
)
async def delete(call: CallDep, key_id: KeyInPath) -> Response:
    """Revoke a key for good: at once, within a second where several processes serve.

    It stays listed, so that its deeds can be traced.
    """
    found = await keys.get(call.ports, call.principal, key_id)
    etags.expected(call.request.headers, found.etag)
    await key_changes.revoke(call.ports, call.principal, key_id)
    return NoContent()


@router.post(
    "/auth/api-keys/{key_id}/rotate",
    operation_id="rotateApiKey",
    response_model=shapes.NewApiKey,
    summary="Give an API key a new text",
    openapi_extra=notes(problems=("conflict",), gives={200: ("ETag",)}),
)
async def rotate(call: CallDep, key_id: KeyInPath, body: RotationIn) -> Response:
    """Issue a new text; the one until now works for the overlap, any older one no more.

    The new token is in this answer only; a replay of the answer has null instead.
    """
    overlap, seed = timedelta(seconds=body.overlap_s), call.id_for("rot")
    made = await key_changes.rotate(call.ports, call.principal, key_id, overlap, rotation=seed)
    key, headers = made.key.value, {"ETag": etags.tag(made.key.etag)}
    kept = shapes.new_api_key(key, None)
    return Answer(shapes.new_api_key(key, made.token), headers=headers, kept=kept)


@router.post(
    "/auth/leaked-keys",
    operation_id="revokeLeakedKey",
    response_model=shapes.ApiKey,
    summary="Revoke an API key that was found where it should not be",
    openapi_extra=notes(problems=("not-found",), gives={200: ("ETag",)}),
)
async def revoke_leaked(call: CallDep, body: LeakedKeyIn) -> Response:
    """Revoke a key by its text, or by the SHA-256 of its text, without knowing its id."""
    found = await key_changes.revoke_leaked(call.ports, call.principal, body.hash())
    return await _shown(call, found)


async def _uses(call: CallDep, *found: Stored[ApiKey]) -> Mapping[str, datetime]:
    ids = [one.value.id for one in found]
    return await call.ports.uses.last(call.principal.tenant_id, ids)


async def _shown(call: CallDep, found: Stored[ApiKey]) -> Response:
    key = found.value
    shown = shapes.api_key(key, (await _uses(call, found)).get(key.id))
    used = shown["last_used_at"]
    etag = etags.tag(found.etag, int(shown["is_active"]), int(used.timestamp()) if used else 0)
    if call.request.method == "GET" and etags.unchanged(call.request.headers, etag):
        return NotModified(etag)
    return Answer(shown, headers={"ETag": etag})
