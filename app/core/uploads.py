"""Uploading: store the bytes, then make the document and its indexing job durable together.

The same content is held once a space: a second upload of it gives the first document back. That
also makes a retry after an unknown outcome harmless.
"""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from app.core import documents, spaces
from app.core.access import Principal
from app.core.errors import ConflictError, InvalidInputError, NotFoundError, StaleEtagError
from app.core.ids import new_id
from app.core.kinds import CONTENT_CLAIMS, DOCUMENTS
from app.core.models import (
    ContentClaim,
    Document,
    DocumentStatus,
    Job,
    JobKind,
    Partition,
    Stored,
    Version,
    VersionRef,
)
from app.core.ports import BlobInfo, Change, Enqueue, Ports, Put

HEAD_BYTES = 64 * 1024  # enough to tell a file's type


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A file on its way in. `data` is consumed once, streaming."""

    filename: str
    data: AsyncIterator[bytes]
    max_bytes: int


@dataclass(frozen=True, slots=True)
class Uploaded:
    """The document that holds the content; `duplicate` when it was there before."""

    document: Stored[Document]
    duplicate: bool


async def upload(
    ports: Ports,
    principal: Principal,
    space_id: str,
    file: File,
    said: Callable[[], documents.Description],
) -> Uploaded:
    """Store a new document, to be indexed; what is said of it is asked once its last byte came.

    Raises NotFoundError (space), UnsupportedTypeError, TooLargeError, InvalidInputError (empty).
    """
    await spaces.get(ports, principal, space_id)
    now = datetime.now(UTC)
    document_id = new_id("doc")
    version = await _store(ports, principal, (space_id, document_id, 1), file)
    try:
        description = said()
        document = Document(
            id=document_id,
            tenant_id=principal.tenant_id,
            space_id=space_id,
            title=description.title,
            metadata=description.metadata,
            tags=description.tags,
            versions=(version,),
            created_at=now,
            updated_at=now,
            created_by=principal.id,
        )
        return await _claim(ports, principal, document)
    except (InvalidInputError, NotFoundError):  # refused: nothing of it stays
        await ports.blobs.delete(Partition(principal.tenant_id, space_id), document_id)
        raise


async def _claim(ports: Ports, principal: Principal, document: Document) -> Uploaded:
    """Commit the document as holder of its content, or give back who holds it already."""
    partition = Partition(document.tenant_id, document.space_id)
    claim = ContentClaim(id=document.latest.sha256, document_id=document.id)
    stale_claim: str | None = None
    while True:
        await spaces.get(ports, principal, document.space_id)  # it may have gone meanwhile
        try:
            etags = await ports.records.commit(
                partition,
                Put(kind=DOCUMENTS, value=document, if_absent=True),
                Put(
                    kind=CONTENT_CLAIMS,
                    value=claim,
                    if_etag=stale_claim,
                    if_absent=stale_claim is None,
                ),
                Enqueue(job=_ingest_job(document)),
            )
        except (ConflictError, StaleEtagError):
            held = await ports.records.get(CONTENT_CLAIMS, partition, claim.id)
            holder = await _holder(ports, partition, held)
            if holder is not None:
                await ports.blobs.delete(partition, document.id)
                return Uploaded(holder, duplicate=True)
            stale_claim = held.etag if held else None
        else:
            return Uploaded(Stored(document, etags[0]), duplicate=False)


async def _holder(
    ports: Ports, partition: Partition, claim: Stored[ContentClaim] | None
) -> Stored[Document] | None:
    """Return the live document that a claim names; one whose content moved on does not count."""
    if claim is None:
        return None
    holder = await ports.records.get(DOCUMENTS, partition, claim.value.document_id)
    if holder is None or holder.value.deleted_at is not None:
        return None
    return holder if holder.value.latest.sha256 == claim.value.id else None


async def upload_version(
    ports: Ports, principal: Principal, document_id: str, file: File, *, if_etag: str | None = None
) -> Uploaded:
    """Store a new version; the visible one stays until the new one is indexed.

    Content equal to the newest version's is not stored again.
    """
    reserved = await _reserve(ports, principal, document_id, if_etag)
    address = (reserved.space_id, document_id, reserved.reserved)
    version = await _store(ports, principal, address, file)
    while True:
        found = await documents.get(ports, principal, document_id)
        if version.sha256 == found.value.latest.sha256:
            return Uploaded(found, duplicate=True)
        versions = sorted((*found.value.versions, version), key=lambda v: v.number)
        changed = replace(found.value, versions=tuple(versions), updated_at=version.created_at)
        try:
            return Uploaded(await _commit(ports, changed, found.etag), duplicate=False)
        except StaleEtagError:
            continue  # another change came first; ours still applies


async def _reserve(
    ports: Ports, principal: Principal, document_id: str, if_etag: str | None
) -> Document:
    while True:
        found = await documents.get(ports, principal, document_id)
        reserved = replace(found.value, reserved=found.value.reserved + 1)
        try:
            await ports.records.commit(
                Partition(reserved.tenant_id, reserved.space_id),
                Put(kind=DOCUMENTS, value=reserved, if_etag=if_etag or found.etag),
            )
        except StaleEtagError:
            if if_etag is not None:
                raise
        else:
            return reserved


async def reindex(ports: Ports, principal: Principal, document_id: str) -> Stored[Document]:
    """Read the newest version's file again; ConflictError while it is being read already."""
    while True:
        found = await documents.get(ports, principal, document_id)
        latest = found.value.latest
        if latest.status in (DocumentStatus.PENDING, DocumentStatus.PROCESSING):
            raise ConflictError(reason=f"the document is {latest.status.value}")
        again = replace(latest, status=DocumentStatus.PENDING, reason=None)
        versions = (*found.value.versions[:-1], again)
        changed = replace(found.value, versions=versions, updated_at=datetime.now(UTC))
        try:
            return await _commit(ports, changed, found.etag)
        except StaleEtagError:
            continue  # another change came first; ours still applies


async def _commit(ports: Ports, document: Document, if_etag: str) -> Stored[Document]:
    changes: list[Change] = [
        Put(kind=DOCUMENTS, value=document, if_etag=if_etag),
        Enqueue(job=_ingest_job(document)),
    ]
    etags = await ports.records.commit(Partition(document.tenant_id, document.space_id), *changes)
    return Stored(document, etags[0])


async def _store(
    ports: Ports, principal: Principal, address: tuple[str, str, int], file: File
) -> Version:
    space_id, document_id, number = address
    head, data = await _peek(file.data)
    if not head:
        raise InvalidInputError(pointer="/file", reason="the file is empty")
    media_type = ports.extractor.media_type(file.filename, head)
    ref = VersionRef(
        tenant_id=principal.tenant_id,
        space_id=space_id,
        document_id=document_id,
        version=number,
    )
    info: BlobInfo = await ports.blobs.put(ref, "original", data, max_bytes=file.max_bytes)
    return Version(
        number=number,
        filename=file.filename,
        media_type=media_type,
        size_bytes=info.size_bytes,
        sha256=info.sha256,
        created_at=datetime.now(UTC),
        created_by=principal.id,
    )


async def _peek(data: AsyncIterator[bytes]) -> tuple[bytes, AsyncIterator[bytes]]:
    """Return the first bytes and an iterator that still yields everything."""
    first: list[bytes] = []
    size = 0
    async for chunk in data:
        first.append(chunk)
        size += len(chunk)
        if size >= HEAD_BYTES:
            break

    async def everything() -> AsyncIterator[bytes]:
        for chunk in first:
            yield chunk
        async for chunk in data:
            yield chunk

    return b"".join(first)[:HEAD_BYTES], everything()


def _ingest_job(document: Document) -> Job:
    return Job(
        id=new_id("job"),
        kind=JobKind.INGEST,
        tenant_id=document.tenant_id,
        space_id=document.space_id,
        subject_id=document.id,
        created_at=datetime.now(UTC),
        detail={"version": document.latest.number},
    )
