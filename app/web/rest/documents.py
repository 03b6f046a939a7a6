"""Documents: list, read, describe, delete; below their space and by themselves."""

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import Query
from starlette.responses import Response

from app.core import documents
from app.core.models import Document, Progress, Stored
from app.web import etags, paging, shapes
from app.web.answers import Answer, NotModified
from app.web.inputs.documents import (
    LONGEST_FACT,
    MOST_FACTS,
    DocumentListing,
    DocumentPatch,
)
from app.web.inputs.fields import DocumentInPath, SpaceInPath
from app.web.openapi.notes import notes
from app.web.rest.receipts import deleted
from app.web.routing import API, group
from app.web.services import Call, CallDep

router = group("documents")
_READ = notes(takes=("If-None-Match",), gives={200: ("ETag",), 304: ("ETag",)})
_DELETE = notes(
    takes=("If-Match", "Prefer"),
    gives={204: ("Location",), 200: ("Location", "Preference-Applied")},
)
_RECEIPT: dict[int | str, dict[str, Any]] = {
    200: {"model": shapes.Receipt, "description": "`Prefer: return=representation`."}
}
_SAME: dict[int | str, dict[str, Any]] = {304: {"description": "The client's copy is still good."}}
_METADATA = {
    "parameters": [
        {
            "name": "metadata",
            "in": "query",
            "style": "form",
            "explode": True,
            "description": "`metadata.<key>=value`: a fact that it must have. A value that reads "
            'as a JSON number, boolean or string is one: `metadata.year=2026`, `metadata.no="7"`.',
            "schema": {
                "type": "object",
                "propertyNames": {"pattern": "^metadata\\..+$", "maxLength": LONGEST_FACT},
                "additionalProperties": {"type": "string", "maxLength": LONGEST_FACT},
                "maxProperties": MOST_FACTS,
            },
        }
    ]
}


@router.get(
    "/spaces/{space_id}/documents",
    operation_id="listDocuments",
    response_model=shapes.DocumentPage,
    summary="List the documents of a space",
    openapi_extra=notes(problems=("bad-cursor",), gives={200: ("Link",)}) | _METADATA,
)
async def list_(
    call: CallDep, space_id: SpaceInPath, query: Annotated[DocumentListing, Query()]
) -> Response:
    """List the documents of a space that match all that is asked."""
    listing = paging.listing(call, query, query.where())
    page = await documents.page(call.ports, call.principal, space_id, listing)

    async def view(found: Sequence[Stored[Document]]) -> list[shapes.Document]:
        progress = await documents.progress(call.ports, [one.value for one in found])
        return [shapes.document(one.value, progress.get(one.value.id)) for one in found]

    return await paging.answer(call, page, view)


@router.get(
    "/documents/{document_id}",
    operation_id="getDocument",
    response_model=shapes.Document,
    summary="Read a document's state",
    responses=_SAME,
    openapi_extra=_READ,
)
async def get(call: CallDep, document_id: DocumentInPath) -> Response:
    """Read a document's description, its versions, and how far the reading is."""
    return await shown(call, await documents.get(call.ports, call.principal, document_id))


@router.get(
    "/spaces/{space_id}/documents/{document_id}",
    operation_id="getSpaceDocument",
    response_model=shapes.Document,
    summary="Read the state of a space's document",
    responses=_SAME,
    openapi_extra=_READ,
)
async def get_below(call: CallDep, space_id: SpaceInPath, document_id: DocumentInPath) -> Response:
    """Read a document of this space; one of another space is not found."""
    found = await documents.get(call.ports, call.principal, document_id, space_id=space_id)
    return await shown(call, found)


@router.patch(
    "/documents/{document_id}",
    operation_id="updateDocument",
    response_model=shapes.Document,
    summary="Change a document's description",
    openapi_extra=notes(gives={200: ("ETag",)}),
)
async def update(call: CallDep, document_id: DocumentInPath, body: DocumentPatch) -> Response:
    """Change what is named; what is left out stays. `metadata` and `tags` are replaced whole."""
    found = await documents.get(call.ports, call.principal, document_id)
    revision = etags.required(call.request.headers, found.etag)
    wanted = body.description(found.value)
    changed = await documents.describe(call.ports, found, wanted, revision)
    return await shown(call, changed)


@router.delete(
    "/documents/{document_id}",
    operation_id="deleteDocument",
    status_code=204,
    summary="Delete a document",
    responses=_RECEIPT,
    openapi_extra=_DELETE,
)
async def delete(call: CallDep, document_id: DocumentInPath) -> Response:
    """Hide the document at once; then its files, passages and quotations are removed."""
    found = await documents.get(call.ports, call.principal, document_id)
    return await _deleted(call, found)


@router.delete(
    "/spaces/{space_id}/documents/{document_id}",
    operation_id="deleteSpaceDocument",
    status_code=204,
    summary="Delete a space's document",
    responses=_RECEIPT,
    openapi_extra=_DELETE,
)
async def delete_below(
    call: CallDep, space_id: SpaceInPath, document_id: DocumentInPath
) -> Response:
    """Delete a document of this space; one of another space is not found."""
    found = await documents.get(call.ports, call.principal, document_id, space_id=space_id)
    return await _deleted(call, found)


async def _deleted(call: Call, found: Stored[Document]) -> Response:
    revision = etags.expected(call.request.headers, found.etag)
    receipt = await documents.delete(
        call.ports, call.principal, found.value.id, if_etag=revision, known=found
    )
    return deleted(call, receipt)


async def shown(call: Call, found: Stored[Document], status: int = 200) -> Response:
    """Return a document as an answer."""
    document = found.value
    progress = (await documents.progress(call.ports, [document])).get(document.id)
    etag = etags.tag(found.etag, *_seen(progress))
    if call.request.method == "GET" and etags.unchanged(call.request.headers, etag):
        return NotModified(etag)
    headers = {"ETag": etag}
    if call.request.method == "POST":
        headers["Location"] = f"{API}/documents/{document.id}"
    if status == 202:  # noqa: PLR2004 - Accepted
        headers["Retry-After"] = "1"
    return Answer(shapes.document(document, progress), status, headers)


def _seen(progress: Progress | None) -> tuple[object, ...]:
    """Return what of a progress an ETag has to cover."""
    return () if progress is None else (progress.stage, round(progress.fraction * 1000))
