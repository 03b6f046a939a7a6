"""What is in a document: the file as it was uploaded, and the text that was read from it."""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import Query
from starlette.responses import PlainTextResponse, Response, StreamingResponse

from app.core import documents
from app.core.errors import NotFoundError
from app.core.models import Document, Version
from app.web import acceptance, etags, filenames, ranges, shapes
from app.web.answers import Answer, NotModified
from app.web.inputs.fields import DocumentInPath
from app.web.openapi.notes import notes
from app.web.ranges import Span
from app.web.routing import group
from app.web.services import Call, CallDep

router = group("documents")
_CHUNK = 1024 * 1024
_Number = Annotated[
    int | None,
    Query(ge=1, le=1_000_000, description="Which version; else the one that answers rest on."),
]
_FILE = {"*/*": {"schema": {"type": "string", "format": "binary"}}}


@router.get(
    "/documents/{document_id}/content",
    operation_id="downloadDocument",
    response_class=StreamingResponse,
    summary="Download a document's file",
    responses={
        200: {"description": "The file.", "content": _FILE},
        206: {"description": "The range that was asked for.", "content": _FILE},
        304: {"description": "The client's copy is still good."},
    },
    openapi_extra=notes(
        problems=("range-not-satisfiable",),
        takes=("Range", "If-Range", "If-None-Match"),
        gives={
            200: ("ETag", "Content-Disposition", "Accept-Ranges"),
            206: ("ETag", "Content-Disposition", "Accept-Ranges", "Content-Range"),
            304: ("ETag",),
        },
    ),
)
async def download(call: CallDep, document_id: DocumentInPath, version: _Number = None) -> Response:
    """Download the file as it was uploaded; a single byte range may be asked for."""
    document, chosen = await _chosen(call, document_id, version)
    etag = etags.tag(chosen.sha256)
    if etags.unchanged(call.request.headers, etag):
        return NotModified(etag)
    span = ranges.wanted(call.request.headers, etag, chosen.size_bytes)
    headers = {
        "ETag": etag,
        "Content-Type": chosen.media_type,  # its charset is the file's own affair
        "Accept-Ranges": "bytes",
        "Content-Disposition": filenames.disposition(chosen.filename),
        "Content-Length": str(chosen.size_bytes if span is None else span.end - span.start),
    }
    if span is None:
        whole = await _begun(documents.download(call.ports, document, chosen))
        return StreamingResponse(whole, 200, headers)
    headers["Content-Range"] = f"bytes {span.start}-{span.end - 1}/{chosen.size_bytes}"
    part = await _begun(_part(call, document, chosen, span))
    return StreamingResponse(part, 206, headers)


@router.get(
    "/documents/{document_id}/text",
    operation_id="getDocumentText",
    response_model=shapes.DocumentText,
    summary="Read the text of a document",
    responses={
        200: {"content": {"text/plain": {"schema": {"type": "string"}}}},
        304: {"description": "The client's copy is still good."},
    },
    openapi_extra=notes(
        problems=("not-ready", "not-acceptable"),
        takes=("If-None-Match",),
        gives={200: ("ETag",), 304: ("ETag",)},
    ),
)
async def text(call: CallDep, document_id: DocumentInPath, version: _Number = None) -> Response:
    """Read the extracted text with its pages and sections; only the text as `text/plain`."""
    headers = call.request.headers
    wanted = acceptance.chosen(headers.get("accept"), ("application/json", "text/plain"))
    document, chosen = await _chosen(call, document_id, version)
    etag = etags.tag(chosen.sha256, int((chosen.indexed_at or chosen.created_at).timestamp()))
    found = await documents.text(call.ports, document, chosen)
    if etags.unchanged(headers, etag):
        return NotModified(etag)
    given = {"ETag": etag, "Vary": "Accept"}
    if wanted == "text/plain":
        return PlainTextResponse(found, headers=given)
    mapped = await documents.text_map(call.ports, document, chosen)
    return Answer(
        {
            "document_id": document.id,
            "version": chosen.number,
            "language": mapped.language,
            "pages": mapped.pages,
            "sections": mapped.sections,
            "text": found,
        },
        headers=given,
    )


async def _chosen(call: Call, document_id: str, number: int | None) -> tuple[Document, Version]:
    found = await documents.get(call.ports, call.principal, document_id)
    document = found.value
    version = document.version(number or document.current or document.latest.number)
    if version is None:
        raise NotFoundError(id=f"{document_id}/{number}")
    return document, version


async def _part(
    call: Call, document: Document, version: Version, span: Span
) -> AsyncIterator[bytes]:
    ref = documents.ref(document, version.number)
    for start in range(span.start, span.end, _CHUNK):
        end = min(start + _CHUNK, span.end)
        yield await call.ports.blobs.read_range(ref, "original", start, end)


async def _begun(data: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Read the first chunk, so that what is missing is found before the answer begins."""
    first = await anext(data, b"")

    async def everything() -> AsyncIterator[bytes]:
        yield first
        async for chunk in data:
            yield chunk

    return everything()
