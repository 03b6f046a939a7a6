"""Deleting for good: every trace goes, then a second look counts what is left for the receipt."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime

from app.core import idempotency
from app.core.errors import StaleEtagError, UnavailableError
from app.core.kinds import (
    CONTENT_CLAIMS,
    DOCUMENTS,
    EXPLANATIONS,
    PROGRESS,
    QUERIES,
    QUOTATIONS,
    RECEIPTS,
    SPACES,
)
from app.core.models import (
    Answer,
    Document,
    Lease,
    Partition,
    Query,
    Quotation,
    Receipt,
)
from app.core.ports import MOST_CHANGES, Listing, Ports, Put, Remove, Settle

_BATCH = 50
WITHHELD = "[source deleted]"


async def erase_document(ports: Ports, lease: Lease) -> None:
    """Remove a document's blobs, passages, quotations and record; complete its receipt."""
    partition, document_id = lease.job.partition, lease.job.subject_id
    found = await ports.records.get(DOCUMENTS, partition, document_id)
    await idempotency.withhold(ports, partition.tenant_id, document_id)
    searchable = await ports.index.remove(partition, document_id)
    removed = {
        "passages": searchable or _passages(found.value if found else None),
        "blobs": await ports.blobs.delete(partition, document_id),
        "quotations": await _withdraw_quotations(ports, partition, document_id),
    }
    remaining = {
        "passages": await ports.index.count(partition, document_id),
        "blobs": await ports.blobs.count(partition, document_id),
    }
    _require_nothing(remaining)
    if completed := await _completed(ports, lease, removed, remaining):
        await ports.records.commit(Partition(partition.tenant_id), *completed)
    gone = await _records(ports, partition, found.value) if found else []
    while len(gone) >= MOST_CHANGES:
        await ports.records.commit(partition, *gone[:MOST_CHANGES])
        del gone[:MOST_CHANGES]
    await ports.records.commit(partition, *gone, Settle(lease=lease))


async def erase_space(ports: Ports, lease: Lease) -> None:
    """Remove everything of a space, quotations in other spaces' answers included."""
    tenant_id, space_id = lease.job.tenant_id, lease.job.subject_id
    partition = Partition(tenant_id, space_id)
    await idempotency.withhold(ports, tenant_id, space_id)
    removed = {
        "quotations": await _withdraw_quotations(ports, partition, ""),
        "blobs": await ports.blobs.drop(partition),
        "passages": await ports.index.drop(partition),
        "records": await ports.records.erase(partition),
    }
    remaining = await _left(ports, lease, removed)
    _require_nothing(remaining)
    await ports.records.commit(
        Partition(tenant_id),
        *await _completed(ports, lease, removed, remaining),
        Remove(kind=SPACES, id=space_id),
        Settle(lease=lease),
    )


async def _left(ports: Ports, lease: Lease, removed: dict[str, int]) -> dict[str, int]:
    """Count what is left of a space; where a first look found nothing, there is no second one."""
    if lease.attempt == 1 and not any(removed.values()):
        return {"passages": 0, "blobs": 0, "records": 0}
    space = Partition(lease.job.tenant_id, lease.job.subject_id)
    return {
        "passages": await ports.index.count(space),
        "blobs": await ports.blobs.count(space),
        "records": await ports.records.count(DOCUMENTS, space),
    }


def _passages(document: Document | None) -> int:
    """Return how many passages were searchable: those went as soon as it was deleted."""
    shown = document.version(document.current) if document and document.current else None
    return shown.passages or 0 if shown else 0


def _require_nothing(remaining: dict[str, int]) -> None:
    """Fail the job, to be driven again, if a write that raced the erasure is still there."""
    if any(remaining.values()):
        raise UnavailableError(dependency="erasure", retry_after=1)


async def _completed(
    ports: Ports, lease: Lease, removed: dict[str, int], remaining: dict[str, int]
) -> list[Put]:
    """Return the receipt, filled in; counts of an interrupted first run are not overwritten."""
    home = Partition(lease.job.tenant_id)
    found = await ports.records.get(RECEIPTS, home, lease.job.subject_id)
    if found is None or found.value.completed_at is not None:
        return []
    receipt: Receipt = replace(
        found.value, completed_at=datetime.now(UTC), removed=removed, remaining=remaining
    )
    return [Put(kind=RECEIPTS, value=receipt, if_etag=found.etag)]


async def _records(ports: Ports, partition: Partition, document: Document) -> list[Remove]:
    """Return the removal of the content claims that this document still holds, and of itself."""
    hashes = sorted({version.sha256 for version in document.versions})
    held = await ports.records.get_many(CONTENT_CLAIMS, partition, hashes)
    gone = [
        Remove(kind=CONTENT_CLAIMS, id=sha256, if_etag=claim.etag)
        for sha256, claim in held.items()
        if claim.value.document_id == document.id
    ]
    return [*gone, *(Remove(kind=kind, id=document.id) for kind in (PROGRESS, DOCUMENTS))]


async def _withdraw_quotations(ports: Ports, partition: Partition, document_id: str) -> int:
    """Withhold the quotes of a document (or of all) from answers; return how many answers."""
    prefix = f"{document_id}:" if document_id else ""
    withdrawn = 0
    async for quotation in _quotations(ports, partition, prefix):
        place = Partition(partition.tenant_id, quotation.query_space_id)
        await _withhold(ports, place, quotation)
        await ports.records.commit(partition, Remove(kind=QUOTATIONS, id=quotation.id))
        withdrawn += 1
    return withdrawn


async def _quotations(ports: Ports, partition: Partition, prefix: str) -> AsyncIterator[Quotation]:
    after: str | None = None
    while True:
        listing = Listing(after=after, limit=_BATCH, prefix=prefix)
        page = await ports.records.page(QUOTATIONS, partition, listing)
        for stored in page.items:
            yield stored.value
        after = page.next_after
        if after is None:
            return


async def _withhold(ports: Ports, place: Partition, quotation: Quotation) -> None:
    """Blank what an answer took from the document: quotes and the sentences resting on them."""
    document_id = quotation.id.partition(":")[0]
    while True:
        found = await ports.records.get(QUERIES, place, quotation.query_id)
        if found is None or found.value.answer is None:
            return
        query: Query = replace(found.value, answer=without(found.value.answer, document_id))
        try:
            await ports.records.commit(
                place,
                Put(kind=QUERIES, value=query, if_etag=found.etag),
                Remove(kind=EXPLANATIONS, id=query.id),
            )
        except StaleEtagError:
            continue
        return


def without(answer: Answer, document_id: str) -> Answer:
    """Return the answer with a document's quotes, and sentences that rest on them, withheld."""
    gone = {c.number for c in answer.citations if c.document_id == document_id}
    citations = tuple(
        replace(c, quote=WITHHELD, title=WITHHELD, section=None) if c.number in gone else c
        for c in answer.citations
    )
    sentences = tuple(
        replace(s, text=WITHHELD, supported=False) if gone & set(s.citations) else s
        for s in answer.sentences
    )
    return replace(answer, citations=citations, sentences=sentences)
