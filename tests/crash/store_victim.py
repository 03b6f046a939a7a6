"""A process that works on the store until it is killed, and says what it has been told.

Arguments: folder, and "honest" or "hasty" (says that a document is stored before it is).
Each line on standard output is a verb and a document id, said only after the store returned:
`stored` with the content's SHA-256, `ready` when its job was done, `removing` before and `removed`
after its deletion.
"""

import asyncio
import contextlib
import hashlib
import os
import random
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

from app.adapters.embedded import EmbeddedStore, open_store
from app.core.errors import StaleEtagError
from app.core.ids import new_id
from app.core.kinds import DOCUMENTS
from app.core.models import (
    Document,
    DocumentStatus,
    JobKind,
    Lease,
    Partition,
    VersionRef,
)
from app.core.ports import Change, Enqueue, Put, Remove, Settle
from tests.contract.sample import a_document, a_job

SPACE = Partition("ten_crash", "spc_crash")
CLIENTS, WORKERS = 6, 2
LEASE_S = 1.0
DICE = random.SystemRandom()


def say(*words: str) -> None:
    os.write(1, (" ".join(words) + "\n").encode())


def ref(document_id: str) -> VersionRef:
    return VersionRef(
        tenant_id=SPACE.tenant_id, space_id=SPACE.space_id, document_id=document_id, version=1
    )


async def _once(data: bytes) -> AsyncIterator[bytes]:
    yield data


async def _store(store: EmbeddedStore, *, hasty: bool) -> str:
    content = os.urandom(DICE.randrange(1, 60_000))
    digest = hashlib.sha256(content).hexdigest()
    document = a_document(SPACE, digest, new_id("doc"))
    if hasty:
        say("stored", document.id, digest)
    await store.blobs.put(ref(document.id), "original", _once(content), max_bytes=1 << 20)
    job = replace(a_job(SPACE), subject_id=document.id)
    await store.records.commit(
        SPACE, Put(kind=DOCUMENTS, value=document, if_absent=True), Enqueue(job=job)
    )
    if not hasty:
        say("stored", document.id, digest)
    return document.id


async def _remove(store: EmbeddedStore, document_id: str) -> None:
    say("removing", document_id)
    await store.records.commit(SPACE, Remove(kind=DOCUMENTS, id=document_id))
    await store.blobs.delete(SPACE, document_id)
    say("removed", document_id)


async def client(store: EmbeddedStore, *, hasty: bool) -> None:
    """Store documents and remove every fifth."""
    while True:
        document_id = await _store(store, hasty=hasty)
        if DICE.random() < 0.2:
            await _remove(store, document_id)


async def worker(store: EmbeddedStore) -> None:
    """Do jobs: a document becomes ready, and counts how often it was made so."""
    while True:
        lease = await store.jobs.claim((JobKind.INGEST,), worker="w", lease_s=LEASE_S)
        if lease is None:
            await store.jobs.wait((JobKind.INGEST,), 1)
        else:
            with contextlib.suppress(StaleEtagError):  # removed meanwhile: the lease runs out
                await _do(store, lease)


async def _do(store: EmbeddedStore, lease: Lease) -> None:
    found = await store.records.get(DOCUMENTS, SPACE, lease.job.subject_id)
    changes: list[Change] = [Settle(lease=lease)]
    if found is not None:
        changes.append(Put(kind=DOCUMENTS, value=_ready(found.value), if_etag=found.etag))
    await store.records.commit(SPACE, *changes)
    say("ready", lease.job.subject_id)


def _ready(document: Document) -> Document:
    times = int(str(document.metadata.get("times", 0))) + 1
    version = replace(document.latest, status=DocumentStatus.READY)
    return replace(document, versions=(version,), metadata={"times": times})


async def main(folder: Path, *, hasty: bool) -> None:
    async with open_store(folder) as store, asyncio.TaskGroup() as group:
        for _ in range(CLIENTS):
            group.create_task(client(store, hasty=hasty))
        for _ in range(WORKERS):
            group.create_task(worker(store))


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), hasty=sys.argv[2] == "hasty"))
