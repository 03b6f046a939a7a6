"""Uploading documents and versions of them. The bodies are read as they come."""

from typing import Any

from starlette.responses import Response

from app.core import documents, uploads
from app.web import etags, shapes, uploading
from app.web.guard import streams
from app.web.inputs.fields import DocumentInPath, SpaceInPath
from app.web.openapi.notes import notes
from app.web.rest.documents import shown
from app.web.routing import group
from app.web.services import CallDep
from app.web.uploading import NO_FIELDS, Upload

router = group("documents")
_PROBLEMS = ("unsupported-type", "malformed-body", "too-large", "slow-request", "storage-full")


def _form(*, fields: bool) -> dict[str, Any]:
    beside = {
        "title": {"type": "string", "description": "What it is called; else its file name."},
        "metadata": {
            "type": "string",
            "contentMediaType": "application/json",
            "description": 'Your own facts as a JSON object, such as `{"year": 2026}`.',
        },
        "tags": {"type": "string", "description": "Labels: a JSON list, or words with commas."},
    }
    properties = {"file": {"type": "string", "format": "binary"}, **(beside if fields else {})}
    schema = {"type": "object", "required": ["file"], "properties": properties}
    return {
        "requestBody": {
            "required": True,
            "content": {
                "multipart/form-data": {
                    "schema": {**schema, "additionalProperties": False},
                    "encoding": {"file": {"contentType": "application/octet-stream"}},
                }
            },
        }
    }


@router.post(
    "/spaces/{space_id}/documents",
    operation_id="uploadDocument",
    status_code=202,
    response_model=shapes.Document,
    summary="Upload a document",
    responses={
        200: {"model": shapes.Document, "description": "The space holds this content already."}
    },
    openapi_extra=notes(
        problems=_PROBLEMS,
        gives={202: ("Location", "ETag", "Retry-After"), 200: ("Location", "ETag")},
    )
    | _form(fields=True),
)
@streams
async def upload(call: CallDep, space_id: SpaceInPath) -> Response:
    """Store a document, to be read and indexed. The same content is held once a space."""

    async def store(sent: Upload) -> Response:
        done = await uploads.upload(
            call.ports, call.principal, space_id, sent.file, sent.description
        )
        return await shown(call, done.document, status=200 if done.duplicate else 202)

    return await uploading.answer(call, store)


@router.post(
    "/documents/{document_id}/versions",
    operation_id="uploadDocumentVersion",
    status_code=202,
    response_model=shapes.Document,
    summary="Upload a new version of a document",
    responses={
        200: {"model": shapes.Document, "description": "The newest version has this content."}
    },
    openapi_extra=notes(
        problems=(*_PROBLEMS, "stale-etag"),
        takes=("If-Match",),
        gives={202: ("Location", "ETag", "Retry-After"), 200: ("Location", "ETag")},
    )
    | _form(fields=False),
)
@streams
async def upload_version(call: CallDep, document_id: DocumentInPath) -> Response:
    """Store a new version. Answers rest on the one before until the new one is indexed."""
    found = await documents.get(call.ports, call.principal, document_id)
    headers = call.request.headers
    revision = etags.expected(headers, found.etag)

    async def store(sent: Upload) -> Response:
        done = await uploads.upload_version(
            call.ports, call.principal, document_id, sent.file, if_etag=revision
        )
        return await shown(call, done.document, status=200 if done.duplicate else 202)

    return await uploading.answer(call, store, NO_FIELDS)


@router.post(
    "/documents/{document_id}/reindex",
    operation_id="reindexDocument",
    status_code=202,
    response_model=shapes.Document,
    summary="Read a document again",
    openapi_extra=notes(problems=("conflict",), gives={202: ("Location", "ETag", "Retry-After")}),
)
async def reindex(call: CallDep, document_id: DocumentInPath) -> Response:
    """Read the newest version's file again; what is indexed stays until that is done."""
    again = await uploads.reindex(call.ports, call.principal, document_id)
    return await shown(call, again, status=202)
