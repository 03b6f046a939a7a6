"""Backups: what one holds, and what is left to do after one was put back."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TypeVar

from app.core.errors import StaleEtagError
from app.core.ids import new_id
from app.core.kinds import DOCUMENTS, SPACES, Kind
from app.core.models import Document, DocumentStatus, Job, JobKind, Partition, Stored
from app.core.ports import Enqueue, Listing, Put, Records

T = TypeVar("T")
_PAGE = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Backup:
    """A backup: it holds what was acknowledged before `as_of`."""

    as_of: datetime
    documents: int
    files: int
    size_bytes: int


async def read_again(records: Records) -> int:
    """Have every visible version read again, because a backup holds no index; return how many.

    Versions that were waiting to be read wait still.
    """
    count = 0
    for tenant in await records.tenants():
        async for space in _all(records, SPACES, Partition(tenant)):
            async for document in _all(records, DOCUMENTS, Partition(tenant, space.value.id)):
                count += await _again(records, document)
    return count


async def _all(records: Records, kind: Kind[T], partition: Partition) -> AsyncIterator[Stored[T]]:
    after = None
    while True:
        page = await records.page(kind, partition, Listing(after=after, limit=_PAGE))
        for item in page.items:
            yield item
        if page.next_after is None:
            return
        after = page.next_after


async def _again(records: Records, stored: Stored[Document]) -> int:
    document = stored.value
    version = document.version(document.current) if document.current else None
    if version is None or document.deleted_at is not None:
        return 0
    again = replace(version, status=DocumentStatus.PENDING, reason=None)
    versions = tuple(again if one.number == version.number else one for one in document.versions)
    job = Job(
        id=new_id("job"),
        kind=JobKind.INGEST,
        tenant_id=document.tenant_id,
        space_id=document.space_id,
        subject_id=document.id,
        created_at=datetime.now(UTC),
        detail={"version": version.number},
    )
    try:
        await records.commit(
            Partition(document.tenant_id, document.space_id),
            Put(kind=DOCUMENTS, value=replace(document, versions=versions), if_etag=stored.etag),
            Enqueue(job=job),
        )
    except StaleEtagError:  # a worker came first: it was waiting to be read anyway
        return 0
    return 1
