"""A process that is watched while it stores: it says on standard output what is durable.

Arguments: folder, and which lie to tell: "none", "blob-unsynced" (files and folders are not
synced), "log-unsynced" (the database's log is not), "early" (it speaks before storing).
"""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Awaitable
from pathlib import Path

from app.adapters.embedded import EmbeddedStore, folder, open_store
from app.core.kinds import DOCUMENTS
from app.core.models import Partition, VersionRef
from app.core.ports import Put
from tests.contract.sample import a_document

SPACE = Partition("ten_1", "spc_1")
DOCUMENTS_STORED = 4


async def content(name: str) -> AsyncIterator[bytes]:
    for _ in range(3):
        yield name.encode() * 100_000


def unsynced(handle: int) -> None:
    """Take the place of what makes files and folders durable."""
    del handle


async def say(text: str, work: Awaitable[object], *, early: bool) -> None:
    if not early:
        await work
    os.write(1, f"done {text}\n".encode())
    if early:
        await work


async def store_and_say(store: EmbeddedStore, number: int, *, early: bool) -> None:
    name = f"doc_{number}"
    ref = VersionRef(
        tenant_id=SPACE.tenant_id, space_id=SPACE.space_id, document_id=name, version=1
    )
    blob = store.blobs.put(ref, "original", content(name), max_bytes=10**9)
    await say(f"blob {name}", blob, early=early)
    record = Put(kind=DOCUMENTS, value=a_document(SPACE, id_=name))
    await say(f"record {name}", store.records.commit(SPACE, record), early=early)


async def main(root: Path, lie: str) -> None:
    if lie == "blob-unsynced":
        folder.flush = unsynced
    async with open_store(root) as store:
        if lie == "log-unsynced":
            store.records._writer._connection.execute("PRAGMA synchronous = OFF")
        os.write(1, b"open\n")
        for number in range(DOCUMENTS_STORED):
            await store_and_say(store, number, early=lie == "early")
        for number in range(DOCUMENTS_STORED):
            name = f"doc_{number}"
            await say(f"removal {name}", store.blobs.delete(SPACE, name), early=lie == "early")


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2]))
