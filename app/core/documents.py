"""Documents: read, list, describe, delete. Uploading is in `uploads`, indexing in `ingestion`."""

import contextlib
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from app.core import filters, spaces
from app.core.access import Principal
from app.core.errors import (
    ConflictError,
    NotFoundError,
    NotReadyError,
    StaleEtagError,
    UnavailableError,
)
from app.core.ids import new_id
from app.core.kinds import DOCUMENTS, PROGRESS, RECEIPTS
from app.core.models import (
    Document,
    DocumentStatus,
    Job,
    JobKind,
    Metadata,
    Page,
    Partition,
    Progress,
    Receipt,
    Stored,
    Version,
    VersionRef,
)
from app.core.ports import BlobPart, Enqueue, Listing, Ports, Put

ALIVE = filters.Condition("deleted", filters.Op.EQ, value=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """What a client says of a document."""

    title: str
    metadata: Metadata
    tags: tuple[str, ...]


def ref(document: Document, number: int) -> VersionRef:
    """Return the address of a version's content."""
    return VersionRef(
        tenant_id=document.tenant_id,
        space_id=document.space_id,
        document_id=document.id,
        version=number,
    )


async def get(
    ports: Ports, principal: Principal, document_id: str, *, space_id: str | None = None
) -> Stored[Document]:
    """Return a live document of a live space; NotFoundError. Without a space it is looked for."""
    if space_id is None:
        found = await ports.records.find(DOCUMENTS, principal.tenant_id, document_id)
    else:
        found = await ports.records.get(DOCUMENTS, principal.space(space_id), document_id)
    if found is None or found.value.deleted_at is not None:
        raise NotFoundError(id=document_id)
    await spaces.get(ports, principal, found.value.space_id)
    return found


async def page(
    ports: Ports, principal: Principal, space_id: str, listing: Listing
) -> Page[Stored[Document]]:
    """List the live documents of a space."""
    await spaces.get(ports, principal, space_id)
    where: filters.Filter = ALIVE
    if listing.where is not None:
        where = filters.AllOf((ALIVE, listing.where))
    partition = principal.space(space_id)
    return await ports.records.page(DOCUMENTS, partition, replace(listing, where=where))


async def describe(
    ports: Ports, found: Stored[Document], wanted: Description, if_etag: str
) -> Stored[Document]:
    """Change title, metadata and tags of a document that was just read; StaleEtagError.

    Questions filter by the new ones when this returns. A durable job stands behind the change of
    the index, in case this process dies in between.
    """
    changed = replace(
        found.value,
        title=wanted.title,
        metadata=wanted.metadata,
        tags=wanted.tags,
        updated_at=datetime.now(UTC),
    )
    [etag, _] = await ports.records.commit(
        Partition(changed.tenant_id, changed.space_id),
        Put(kind=DOCUMENTS, value=changed, if_etag=if_etag),
        Enqueue(job=_job(changed, JobKind.DESCRIBE)),
    )
    await ports.index.describe(
        Partition(changed.tenant_id, changed.space_id),
        changed.id,
        changed.title,
        DOCUMENTS.attributes(changed),
    )
    return Stored(changed, etag)


async def delete(
    ports: Ports,
    principal: Principal,
    document_id: str,
    *,
    if_etag: str | None = None,
    known: Stored[Document] | None = None,
) -> Receipt:
    """Hide a document at once; a durable job then removes every trace and completes the receipt.

    It may be `known` as it was just read.
    """
    while True:
        found = known or await get(ports, principal, document_id)
        try:
            return await _hide(ports, principal, found.value, if_etag or found.etag)
        except StaleEtagError:
            if if_etag is not None:
                raise
            known = None


async def _hide(ports: Ports, principal: Principal, document: Document, if_etag: str) -> Receipt:
    now = datetime.now(UTC)
    receipt = Receipt(
        id=document.id,
        tenant_id=document.tenant_id,
        space_id=document.space_id,
        subject="document",
        requested_at=now,
        requested_by=principal.id,
    )
    # The receipt lives with the tenant, to outlive the space: another partition, so it goes
    # first. A receipt that stays pending is harmless; a deletion without one would not be. One
    # that is there is another caller's, perhaps complete already: it stays.
    with contextlib.suppress(ConflictError):
        await ports.records.commit(
            principal.home, Put(kind=RECEIPTS, value=receipt, if_absent=True)
        )
    partition = Partition(document.tenant_id, document.space_id)
    await ports.records.commit(
        partition,
        Put(kind=DOCUMENTS, value=replace(document, deleted_at=now), if_etag=if_etag),
        Enqueue(job=_job(document, JobKind.ERASE_DOCUMENT)),
    )
    with contextlib.suppress(UnavailableError):  # the job does it again, and counts
        await ports.index.remove(partition, document.id)
    return receipt


async def progress(ports: Ports, found: Sequence[Document]) -> Mapping[str, Progress]:
    """Return how far those documents of one space are that are being read, by id."""
    reading = [d for d in found if d.latest.status is DocumentStatus.PROCESSING]
    if not reading:
        return {}
    partition = Partition(reading[0].tenant_id, reading[0].space_id)
    stored = await ports.records.get_many(PROGRESS, partition, [d.id for d in reading])
    return {id_: one.value for id_, one in stored.items()}


def download(ports: Ports, document: Document, version: Version) -> AsyncIterator[bytes]:
    """Stream the original file of a version."""
    return ports.blobs.read(ref(document, version.number), "original")


@dataclass(frozen=True, slots=True)
class TextMap:
    """Where pages and sections are in the extracted text (character offsets)."""

    language: str
    pages: tuple[dict[str, object], ...]
    sections: tuple[dict[str, object], ...]


async def text_map(ports: Ports, document: Document, version: Version) -> TextMap:
    """Return the page map of a version; NotReadyError until it is indexed."""
    raw = await _whole(ports, document, version, "map")
    content = json.loads(raw)
    return TextMap(content["language"], tuple(content["pages"]), tuple(content["sections"]))


async def text(ports: Ports, document: Document, version: Version) -> str:
    """Return the extracted text of a version; NotReadyError until it is indexed."""
    return (await _whole(ports, document, version, "text")).decode()


async def _whole(ports: Ports, document: Document, version: Version, part: BlobPart) -> bytes:
    try:
        return b"".join(
            [chunk async for chunk in ports.blobs.read(ref(document, version.number), part)]
        )
    except NotFoundError:
        raise NotReadyError(status=version.status.value) from None


def _job(document: Document, kind: JobKind) -> Job:
    return Job(
        id=new_id("job"),
        kind=kind,
        tenant_id=document.tenant_id,
        space_id=document.space_id,
        subject_id=document.id,
        created_at=datetime.now(UTC),
    )
