"""Removing blobs that no document tells of: of uploads that died between their bytes and it.

An upload commits its document right after the last byte is stored. What is without one a week later
never gets one; so much time there is to save it, where an older database was put back by mistake.
"""

from datetime import UTC, datetime, timedelta

from app.core.kinds import DOCUMENTS
from app.core.models import VersionRef
from app.core.ports import Ports

AGE = timedelta(days=7)


async def sweep(ports: Ports, now: datetime | None = None) -> int:
    """Remove the blobs of versions that are a week old and that no document has; how many went."""
    removed = 0
    async for ref in ports.blobs.stored_before((now or datetime.now(UTC)) - AGE):
        if not await _has(ports, ref):
            removed += await ports.blobs.discard(ref)
    return removed


async def _has(ports: Ports, ref: VersionRef) -> bool:
    """Tell whether a document has the version. One that is being deleted minds its own blobs."""
    found = await ports.records.get(DOCUMENTS, ref.partition, ref.document_id)
    return found is not None and found.value.version(ref.version) is not None
