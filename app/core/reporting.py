"""How far the reading of a document is: told once a second of what takes longer."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from app.core.errors import EvaError, StaleEtagError
from app.core.kinds import DOCUMENTS, PROGRESS
from app.core.models import Document, DocumentStatus, Lease, Progress, Stored, Version
from app.core.ports import Ports, Put, Remove

_REPORT_S = 1.0
_BEGUN = 0.05  # of the whole, at the least that is told


@dataclass(slots=True)
class Report:
    """How far the work is."""

    stage: str = "reading"
    fraction: float = 0.0


@contextlib.asynccontextmanager
async def reporting(ports: Ports, lease: Lease) -> AsyncIterator[Report]:
    """Lend a report to be filled in, which is recorded once a second; none of it after the end."""
    report, over = Report(), asyncio.Event()
    recording = asyncio.create_task(_record(ports, lease, report, over))
    try:
        yield report
    finally:
        over.set()
        await asyncio.gather(recording, return_exceptions=True)  # progress is a courtesy


async def _record(ports: Ports, lease: Lease, report: Report, over: asyncio.Event) -> None:
    """Say how far the work is until it is over."""
    told: Progress | None = None
    while not over.is_set():
        try:
            async with asyncio.timeout(_REPORT_S):
                await over.wait()
        except TimeoutError:
            with contextlib.suppress(EvaError):  # perhaps in a second
                told = await _tell(ports, lease, report, told)


async def _tell(
    ports: Ports, lease: Lease, report: Report, told: Progress | None
) -> Progress | None:
    """Set the version to processing, and say how far it is if that was not told."""
    number = int(lease.job.detail["version"])
    if not await _mark(ports, lease, number):
        return told
    progress = Progress(
        id=lease.job.subject_id,
        version=number,
        stage=report.stage,
        fraction=max(report.fraction, _BEGUN),
    )
    if progress != told:
        await ports.records.commit(lease.job.partition, Put(kind=PROGRESS, value=progress))
        if not await _mark(ports, lease, number):  # another attempt ended it meanwhile
            gone = Remove(kind=PROGRESS, id=progress.id)
            await ports.records.commit(lease.job.partition, gone)
    return progress


async def _mark(ports: Ports, lease: Lease, number: int) -> bool:
    """Set a version that waits to processing; False if it has gone, or has ended."""
    while True:
        found = await alive(ports, lease)
        version = found.value.version(number) if found else None
        if found is None or version is None:
            return False
        if version.status is not DocumentStatus.PENDING:  # another attempt may have ended it
            return version.status is DocumentStatus.PROCESSING
        marked = with_version(found.value, replace(version, status=DocumentStatus.PROCESSING))
        with contextlib.suppress(StaleEtagError):
            put = Put(kind=DOCUMENTS, value=marked, if_etag=found.etag)
            await ports.records.commit(lease.job.partition, put)
            return True


async def alive(ports: Ports, lease: Lease) -> Stored[Document] | None:
    """Return the job's document unless it was deleted."""
    found = await ports.records.get(DOCUMENTS, lease.job.partition, lease.job.subject_id)
    return None if found is None or found.value.deleted_at is not None else found


def with_version(document: Document, version: Version) -> Document:
    """Return the document with this version in place of the one of its number."""
    versions = tuple(version if v.number == version.number else v for v in document.versions)
    return replace(document, versions=versions, updated_at=datetime.now(UTC))
