"""Indexing a version: read it, store its text, stage it beside the visible one, switch, record.

Every step is idempotent: a job that is driven again after a crash ends in the same state.
"""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
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
    Section,
    Version,
    VersionRef,
)
from app.core.ports import Ports, Put, Remove, Settle
from app.core.reporting import Report, alive, reporting, with_version

_READING_SHARE = 0.6  # of the whole; the rest is indexing
_MAX_TEXT_BYTES = 1 << 30  # the extractor's own caps are far below


async def ingest(ports: Ports, lease: Lease) -> None:
    """Make the job's version answerable, or record why it can't be read. Settles the lease.

    What takes less than a second is not told of before it is done.
    """
    found = await ports.records.get(DOCUMENTS, lease.job.partition, lease.job.subject_id)
    if found is None and lease.attempt > 1:  # erased while an earlier attempt stored what it read
        await _leave_nothing(ports, lease)
        return
    number = int(lease.job.detail["version"])
    version = found.value.version(number) if found and not found.value.deleted_at else None
    if found is None or version is None:
        await ports.records.commit(lease.job.partition, Settle(lease=lease))
        return
    async with reporting(ports, lease) as report:
        ended = await _indexed(ports, found.value, version, report)
    await _finish(ports, lease, ended, staged_as=found.value.title)


async def _indexed(ports: Ports, document: Document, version: Version, report: Report) -> Version:
    """Return the version as it is once it is read and staged, or can't be."""
    ref = documents.ref(document, version.number)
    try:
        extraction = await _read(ports, ref, version, report)
    except ExtractionFailedError as error:
        reason = FailureReason(str(error.facts["reason"]))
        return replace(version, status=DocumentStatus.FAILED, reason=reason)
    report.stage, report.fraction = "indexing", _READING_SHARE
    passages = await ports.index.stage(ref, document.title, extraction)
    return replace(
        version,
        status=DocumentStatus.READY,
        reason=None,
        language=extraction.language,
        pages=len(extraction.pages) or None,
        characters=len(extraction.text),
        passages=passages,
        indexed_at=datetime.now(UTC),
    )


async def give_up(ports: Ports, lease: Lease) -> None:
    """Record that the version could not be read after all attempts; the lease is not settled."""
    number = int(lease.job.detail["version"])
    while True:
        found = await alive(ports, lease)
        version = found.value.version(number) if found else None
        if found is None or version is None:
            return
        reason = FailureReason.EXHAUSTED
        failed = with_version(
            found.value, replace(version, status=DocumentStatus.FAILED, reason=reason)
        )
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


async def _read(ports: Ports, ref: VersionRef, version: Version, report: Report) -> Extraction:
    def tell(fraction: float) -> None:
        report.fraction = max(report.fraction, fraction * _READING_SHARE)

    async with ports.blobs.local(ref, "original") as path:
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


async def _finish(ports: Ports, lease: Lease, ended: Version, *, staged_as: str) -> None:
    """Record how the version ended and settle the lease, whatever else changed meanwhile.

    How far it is, is forgotten if that was told, by whichever attempt.
    """
    partition = lease.job.partition
    while True:
        found = await alive(ports, lease)
        if found is None:
            await _leave_nothing(ports, lease)
            return
        version = found.value.version(ended.number)
        told = version is not None and version.status is DocumentStatus.PROCESSING
        progress = [Remove(kind=PROGRESS, id=lease.job.subject_id)] if told else []
        document = await _switched(ports, with_version(found.value, ended), ended, staged_as)
        put = Put(kind=DOCUMENTS, value=document, if_etag=found.etag)
        with contextlib.suppress(StaleEtagError):
            await ports.records.commit(partition, put, *progress, Settle(lease=lease))
            return


async def _leave_nothing(ports: Ports, lease: Lease) -> None:
    """Remove what was stored of a document that was deleted meanwhile; settle the lease."""
    partition, document_id = lease.job.partition, lease.job.subject_id
    await ports.index.remove(partition, document_id)
    await ports.blobs.delete(partition, document_id)
    gone = Remove(kind=PROGRESS, id=document_id)
    await ports.records.commit(partition, gone, Settle(lease=lease))


async def _switched(ports: Ports, document: Document, ended: Version, staged_as: str) -> Document:
    """Make a ready version the visible one unless a newer one already is."""
    if ended.status is not DocumentStatus.READY:
        return document
    document = replace(document, current=max(ended.number, document.current or 0))
    attributes = DOCUMENTS.attributes(document)
    await ports.index.activate(documents.ref(document, ended.number), attributes)
    if document.title != staged_as:
        await _describe(ports, document)
    return document


async def _describe(ports: Ports, document: Document) -> None:
    partition = documents.ref(document, 0).partition
    attributes = DOCUMENTS.attributes(document)
    await ports.index.describe(partition, document.id, document.title, attributes)


async def _once(data: bytes) -> AsyncIterator[bytes]:
    yield data
