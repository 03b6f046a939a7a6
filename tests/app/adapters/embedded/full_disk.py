"""A process whose data folder is a small file system of its own; it fills it and frees it again.

Arguments: the folder to mount on. Prints one JSON object of what it found.
"""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

from app.adapters.embedded import EmbeddedStore, open_store
from app.core.errors import StorageFullError
from app.core.kinds import DOCUMENTS
from app.core.models import Partition, VersionRef
from app.core.ports import Put
from tests.contract.sample import a_document

SPACE = Partition("ten_1", "spc_1")
REF = VersionRef(tenant_id="ten_1", space_id="spc_1", document_id="doc_1", version=1)


async def content(size: int) -> AsyncIterator[bytes]:
    for _ in range(size):
        yield b"x" * 1024


async def commits_until_full(store: EmbeddedStore) -> int:
    for acknowledged in range(100_000):
        change = Put(kind=DOCUMENTS, value=a_document(SPACE, "y" * 10_000))
        try:
            await store.records.commit(SPACE, change)
        except StorageFullError:
            return acknowledged
    return -1


async def refuses_a_blob(store: EmbeddedStore) -> bool:
    try:
        await store.blobs.put(REF, "original", content(4096), max_bytes=10**9)
    except StorageFullError:
        return await store.blobs.info(REF, "original") is None
    return False


async def main(folder: Path) -> None:
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=6m", "none", str(folder)], check=True)  # noqa: ASYNC221
    filler = folder / "filler"
    filler.write_bytes(b"z" * 3 * 2**20)
    found: dict[str, object] = {}
    async with open_store(folder / "data") as store:
        found["blob refused"] = await refuses_a_blob(store)
        acknowledged = await commits_until_full(store)
        found["none lost"] = acknowledged == await store.records.count(DOCUMENTS, SPACE)
        found["some acknowledged"] = acknowledged > 0
        filler.unlink()
        await store.records.commit(SPACE, Put(kind=DOCUMENTS, value=a_document(SPACE)))
        info = await store.blobs.put(REF, "original", content(100), max_bytes=10**9)
        found["works again"] = info.size_bytes == 102_400
    async with open_store(folder / "data") as store:
        found["whole"] = acknowledged + 1 == await store.records.count(DOCUMENTS, SPACE)
    os.write(1, json.dumps(found).encode())


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
