"""Indexing a version: read it, store its text, stage it beside the visible one, switch, record.

Every step is idempotent: a job that is driven again after a crash ends in the same state.
"""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import fields, replace
from datetime import UTC, datetime

from app.core import documents
from app.core.errors import ExtractionFailedError, StaleEtagError
from app.core.kinds import DOCUMENTS, PROGRESS
from app.core.models import (
    Document,
    DocumentStatus,
    Extraction,
    FailureReason,
    Lease,
    PageSpan,
    Progress,
    Section,
    Stored,
    Version,
    VersionRef,
)
from app.core.ports import Ports, Put, Remove, Settle

_REPORT_S = 1.0
_READING_SHARE = 0.6  # of the whole; the rest is indexing
_MAX_TEXT_BYTES = 1 << 30  # the extractor's own caps are far below


async def ingest(ports: Ports, lease: Lease) -> None:
    """Make the job's version answerable, or record why it can't be read. Settles the lease."""
    number = int(lease.job.detail["version"])
    document = await _mark(ports, lease, number)
    version = document.version(number) if document else None
    if document is None or version is None:
        await ports.records.commit(lease.job.partition, Settle(lease=lease))
        return
    ref = documents.ref(document, number)
    try:
        extraction = await _read(ports, lease, ref, version)
    except ExtractionFailedError as error:
        reason = FailureReason(str(error.facts["reason"]))
        await finish(ports, lease, replace(version, status=DocumentStatus.FAILED, reason=reason))
        return
    passages = await _index(ports, lease, document, extraction)
    ready = replace(
        version,
        status=DocumentStatus.READY,
        reason=None,
        language=extraction.language,
        pages=len(extraction.pages) or None,
        characters=len(extraction.text),
        passages=passages,
        indexed_at=datetime.now(UTC),
    )
    await finish(ports, lease, ready)


async def give_up(ports: Ports, lease: Lease) -> None:
    """Record that the version could not be read after all attempts; the lease is not settled."""
    number = int(lease.job.detail["version"])
    while True:
        found = await _alive(ports, lease)
        version = found.value.version(number) if found else None
        if found is None or version is None:
            return
        reason = FailureReason.EXHAUSTED
        failed = _with(found.value, replace(version, status=DocumentStatus.FAILED, reason=reason))
        with contextlib.suppress(StaleEtagError):
            await ports.records.commit(
                lease.job.partition,
                Put(kind=DOCUMENTS, value=failed, if_etag=found.etag),
                Remove(kind=PROGRESS, id=failed.id),
            )
            return


async def describe(ports: Ports, lease: Lease) -> None:
    """Bring the index's idea of a document in line with its record. Settles the lease."""
    found = await ports.records.get(DOCUMENTS, lease.job.partition, lease.job.subject_id)
    if found is not None and found.value.deleted_at is None:
        await _describe(ports, found.value)
    await ports.records.commit(lease.job.partition, Settle(lease=lease))


async def _mark(ports: Ports, lease: Lease, number: int) -> Document | None:
    """Set the version to processing; None if the document or the version has gone."""
    while True:
        found = await _alive(ports, lease)
        if found is None:
            return None
        version = found.value.version(number)
        if version is None:
            return None
        if version.status is DocumentStatus.PROCESSING:
            return found.value
        marked = _with(found.value, replace(version, status=DocumentStatus.PROCESSING))
        try:
            await ports.records.commit(
                lease.job.partition,
                Put(kind=DOCUMENTS, value=marked, if_etag=found.etag),
                Put(kind=PROGRESS, value=_progress(lease, "reading", 0.05)),
            )
        except StaleEtagError:
            continue
        return marked


async def _read(ports: Ports, lease: Lease, ref: VersionRef, version: Version) -> Extraction:
    async with ports.blobs.local(ref, "original") as path, _reporting(ports, lease) as tell:
        extraction = await ports.extractor.extract(path, version.media_type, progress=tell)
    text, mapped = await asyncio.to_thread(_encoded, extraction)
    await ports.blobs.put(ref, "text", _once(text), max_bytes=_MAX_TEXT_BYTES)
    await ports.blobs.put(ref, "map", _once(mapped), max_bytes=_MAX_TEXT_BYTES)
    return extraction


def _encoded(extraction: Extraction) -> tuple[bytes, bytes]:
    """Return text and page map as they are stored: tens of milliseconds for a large document."""
    page_map = {
        "language": extraction.language,
        "pages": [_shown(page) for page in extraction.pages],
        "sections": [_shown(section) for section in extraction.sections],
    }
    return extraction.text.encode(), json.dumps(page_map, ensure_ascii=False).encode()


def _shown(part: PageSpan | Section) -> dict[str, object]:
    return {field.name: getattr(part, field.name) for field in fields(part)}


async def _index(ports: Ports, lease: Lease, document: Document, extraction: Extraction) -> int:
    number = int(lease.job.detail["version"])
    await ports.records.commit(
        lease.job.partition, Put(kind=PROGRESS, value=_progress(lease, "indexing", _READING_SHARE))
    )
    ref = documents.ref(document, number)
    return await ports.index.stage(ref, document.title, extraction)


async def finish(ports: Ports, lease: Lease, version: Version) -> None:
    """Record how the version ended and settle the lease, whatever else changed meanwhile.

    A ready version becomes the visible one unless a newer one already is.
    """
    while True:
        found = await _alive(ports, lease)
        if found is None:  # deleted meanwhile: leave nothing behind
            await ports.index.remove(lease.job.partition, lease.job.subject_id)
            await ports.blobs.delete(lease.job.partition, lease.job.subject_id)
            await ports.records.commit(lease.job.partition, Settle(lease=lease))
            return
        document = _with(found.value, version)
        if version.status is DocumentStatus.READY and version.number >= (document.current or 0):
            document = replace(document, current=version.number)
            ref = documents.ref(document, version.number)
            await ports.index.activate(ref, DOCUMENTS.attributes(document))
        try:
            await ports.records.commit(
                lease.job.partition,
                Put(kind=DOCUMENTS, value=document, if_etag=found.etag),
                Remove(kind=PROGRESS, id=document.id),
                Settle(lease=lease),
            )
        except StaleEtagError:
            continue
        if document.title != found.value.title:
            await _describe(ports, document)
        return


async def _describe(ports: Ports, document: Document) -> None:
    partition = documents.ref(document, 0).partition
    attributes = DOCUMENTS.attributes(document)
    await ports.index.describe(partition, document.id, document.title, attributes)


async def _alive(ports: Ports, lease: Lease) -> Stored[Document] | None:
    found = await ports.records.get(DOCUMENTS, lease.job.partition, lease.job.subject_id)
    return None if found is None or found.value.deleted_at is not None else found


def _with(document: Document, version: Version) -> Document:
    versions = tuple(version if v.number == version.number else v for v in document.versions)
    return replace(document, versions=versions, updated_at=datetime.now(UTC))


def _progress(lease: Lease, stage: str, fraction: float) -> Progress:
    number = int(lease.job.detail["version"])
    return Progress(id=lease.job.subject_id, version=number, stage=stage, fraction=fraction)


@contextlib.asynccontextmanager
async def _reporting(ports: Ports, lease: Lease) -> AsyncIterator[Callable[[float], None]]:
    """Lend a function that notes progress; what it was told is recorded once a second."""
    share = 0.0

    def tell(fraction: float) -> None:
        nonlocal share
        share = fraction

    async def record() -> None:
        told = 0.0
        while True:
            await asyncio.sleep(_REPORT_S)
            if share > told:
                told = share
                progress = _progress(lease, "reading", told * _READING_SHARE)
                await ports.records.commit(lease.job.partition, Put(kind=PROGRESS, value=progress))

    recording = asyncio.create_task(record())
    try:
        yield tell
    finally:
        recording.cancel()
        await asyncio.gather(recording, return_exceptions=True)  # progress is a courtesy


async def _once(data: bytes) -> AsyncIterator[bytes]:
    yield data
