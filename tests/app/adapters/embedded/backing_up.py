"""A data folder with something in it to back up."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from app.adapters.embedded import EmbeddedStore
from app.core.kinds import DOCUMENTS
from app.core.models import Document, DocumentStatus, Partition, Space, Version, VersionRef
from app.core.ports import Put

HOME = Partition("ten_default")
NOW = datetime(2026, 5, 1, tzinfo=UTC)


async def once(data: bytes) -> AsyncIterator[bytes]:
    yield data


async def put_document(
    store: EmbeddedStore, space: Space, name: str, text: bytes, **changes: Any
) -> Document:
    """Store a document that is ready, with its parts."""
    partition = Partition(HOME.tenant_id, space.id)
    ref = VersionRef(
        tenant_id=HOME.tenant_id, space_id=space.id, document_id=f"doc_{name}", version=1
    )
    info = await store.blobs.put(ref, "original", once(text), max_bytes=1000)
    for part in ("text", "map"):
        await store.blobs.put(ref, part, once(text), max_bytes=1000)
    version = Version(
        number=1,
        filename=f"{name}.txt",
        media_type="text/plain",
        size_bytes=info.size_bytes,
        sha256=info.sha256,
        created_at=NOW,
        created_by="key:a",
        status=DocumentStatus.READY,
    )
    document = Document(
        id=f"doc_{name}",
        tenant_id=HOME.tenant_id,
        space_id=space.id,
        title=name,
        versions=(version,),
        current=1,
        created_at=NOW,
        updated_at=NOW,
        created_by="key:a",
    )
    document = replace(document, **changes)
    await store.records.commit(partition, Put(kind=DOCUMENTS, value=document))
    return document
