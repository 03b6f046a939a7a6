import asyncio
import hashlib
import resource
import tracemalloc
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from app.adapters.embedded import EmbeddedStore
from app.core.errors import InvalidInputError, NotFoundError, StorageFullError, TooLargeError
from app.core.models import Partition, VersionRef
from app.core.ports import BlobInfo
from tests.contract.sample import a_version

MIB = 1 << 20
ROOMY = 1 << 30


async def stream(size: int, chunk: int = 64 * 1024) -> AsyncIterator[bytes]:
    for start in range(0, size, chunk):
        yield b"x" * min(chunk, size - start)


def drafts(folder: Path) -> list[str]:
    [own] = (folder / "blobs" / ".incoming").iterdir()
    return sorted(path.name for path in own.iterdir() if path.name != "lock")


def handles() -> int:
    return len(list(Path("/dev/fd").iterdir()))


async def test_a_blob_lies_where_the_layout_says(
    store: EmbeddedStore, folder: Path, space: Partition
) -> None:
    ref = a_version(space, 3)
    await store.blobs.put(ref, "original", stream(3 * MIB), max_bytes=ROOMY)
    path = folder / "blobs" / "ten_default" / "spc_1" / ref.document_id / "3.original"
    assert path.read_bytes() == b"x" * 3 * MIB
    assert drafts(folder) == []


async def test_whatever_stops_an_upload_leaves_no_draft(
    store: EmbeddedStore, folder: Path, space: Partition
) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield b"x" * 2 * MIB
        assert len(drafts(folder)) == 1
        raise ConnectionResetError

    with pytest.raises(TooLargeError):
        await store.blobs.put(a_version(space), "text", stream(3 * MIB), max_bytes=2 * MIB)
    with pytest.raises(ConnectionResetError):
        await store.blobs.put(a_version(space), "text", broken(), max_bytes=ROOMY)
    assert drafts(folder) == []
    assert await store.blobs.count(space) == 0


@pytest.mark.parametrize("pause_s", [0, 0.001, 0.003, 0.01])
async def test_an_upload_cancelled_at_any_moment_is_whole_or_not_there(
    store: EmbeddedStore, folder: Path, space: Partition, pause_s: float
) -> None:
    ref = a_version(space)
    task = asyncio.create_task(store.blobs.put(ref, "original", stream(8 * MIB), max_bytes=ROOMY))
    await asyncio.sleep(pause_s)
    task.cancel()
    await asyncio.wait({task})
    assert drafts(folder) == []
    info = await store.blobs.info(ref, "original")
    assert info in (None, BlobInfo(8 * MIB, hashlib.sha256(b"x" * 8 * MIB).hexdigest()))


async def test_a_large_upload_and_download_hold_little_memory(
    store: EmbeddedStore, space: Partition
) -> None:
    ref = a_version(space)
    tracemalloc.start()
    try:
        await store.blobs.put(ref, "original", stream(100 * MIB), max_bytes=ROOMY)
        size = 0
        async for chunk in store.blobs.read(ref, "original"):
            size += len(chunk)
        await store.blobs.info(ref, "original")
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert size == 100 * MIB
    assert peak < 8 * MIB


async def test_a_full_disk_leaves_nothing_of_the_blob_and_recovers_with_space(
    store: EmbeddedStore, folder: Path, space: Partition
) -> None:
    ref = a_version(space)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (MIB + 17, hard))
    try:
        with pytest.raises(StorageFullError) as caught:
            await store.blobs.put(ref, "original", stream(4 * MIB), max_bytes=ROOMY)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert caught.value.facts == {"dependency": "blobs", "retry_after": 1}
    assert drafts(folder) == []
    assert await store.blobs.info(ref, "original") is None
    info = await store.blobs.put(ref, "original", stream(4 * MIB), max_bytes=ROOMY)
    assert info.size_bytes == 4 * MIB


async def test_info_tells_what_lies_there_not_what_was_put(
    store: EmbeddedStore, folder: Path, space: Partition
) -> None:
    ref = a_version(space)
    await store.blobs.put(ref, "original", stream(10), max_bytes=ROOMY)
    [path] = folder.rglob("1.original")
    path.write_bytes(b"tampered")
    expected = BlobInfo(8, hashlib.sha256(b"tampered").hexdigest())
    assert await store.blobs.info(ref, "original") == expected


async def test_a_part_that_does_not_exist_is_refused(
    store: EmbeddedStore, space: Partition
) -> None:
    with pytest.raises(InvalidInputError, match="not a part"):
        await store.blobs.put(
            a_version(space),
            "../../escape",  # type: ignore[arg-type]
            stream(1),
            max_bytes=ROOMY,
        )
    with pytest.raises(InvalidInputError, match="not a part"):
        await store.blobs.info(a_version(space, -1), "original")


async def test_uploads_and_deletions_of_one_document_at_once_end_in_one_or_the_other(
    store: EmbeddedStore, folder: Path, space: Partition
) -> None:
    async def put(ref: VersionRef) -> None:
        await store.blobs.put(ref, "original", stream(1000), max_bytes=ROOMY)

    first = a_version(space)
    for number in range(1, 30):
        ref = a_version(space, number, first.document_id)
        await asyncio.gather(
            put(ref), *(store.blobs.delete(space, first.document_id) for _ in range(3))
        )
        info = await store.blobs.info(ref, "original")
        assert info is None or info.size_bytes == 1000
    assert drafts(folder) == []


async def test_a_reader_that_stops_early_leaves_no_file_open(
    store: EmbeddedStore, space: Partition
) -> None:
    ref = a_version(space)
    await store.blobs.put(ref, "original", stream(MIB), max_bytes=ROOMY)
    before = handles()
    for _ in range(3):
        async for _chunk in (reader := store.blobs.read(ref, "original")):
            break
        await reader.aclose()  # type: ignore[attr-defined]
        await store.blobs.read_range(ref, "original", 5, 10)
    with pytest.raises(NotFoundError):
        await store.blobs.read_range(ref, "text", 5, 10)
    assert handles() == before
