import asyncio
import hashlib
from collections.abc import AsyncIterator

import pytest

from app.core.errors import NotFoundError, TooLargeError
from app.core.models import Partition, VersionRef
from app.core.ports import BlobInfo
from tests.contract.backends import Storage
from tests.contract.sample import a_version

ROOMY = 1 << 30
BIG = bytes(range(256)) * 12_289  # 3 MiB and a bit: several batches, none of them even


async def chunked(data: bytes, size: int = 10_007) -> AsyncIterator[bytes]:
    for start in range(0, len(data), size):
        yield data[start : start + size]


async def _put(storage: Storage, ref: VersionRef, data: bytes = b"content") -> BlobInfo:
    return await storage.blobs.put(ref, "original", chunked(data), max_bytes=ROOMY)


async def _read(storage: Storage, ref: VersionRef) -> bytes:
    return b"".join([chunk async for chunk in storage.blobs.read(ref, "original")])


@pytest.mark.parametrize("data", [b"", b"x", BIG], ids=["empty", "a byte", "big"])
async def test_what_was_put_is_read_back_and_described(
    storage: Storage, space: Partition, data: bytes
) -> None:
    ref = a_version(space)
    expected = BlobInfo(len(data), hashlib.sha256(data).hexdigest())
    assert await _put(storage, ref, data) == expected
    assert await storage.blobs.info(ref, "original") == expected
    assert await _read(storage, ref) == data


async def test_a_part_lent_as_a_file_holds_the_same_bytes(
    storage: Storage, space: Partition
) -> None:
    ref = a_version(space)
    await _put(storage, ref, BIG)
    async with storage.blobs.local(ref, "original") as path:
        assert await asyncio.to_thread(path.read_bytes) == BIG


async def test_a_put_replaces(storage: Storage, space: Partition) -> None:
    ref = a_version(space)
    await _put(storage, ref, BIG)
    await _put(storage, ref, b"shorter")
    assert await _read(storage, ref) == b"shorter"
    assert await storage.blobs.count(space) == 1


@pytest.mark.parametrize(
    ("start", "end"), [(0, 0), (0, 5), (70_000, 70_100), (3_000_000, 9_999_999), (9_999_999, 10**8)]
)
async def test_ranges_are_half_open_and_end_with_the_blob(
    storage: Storage, space: Partition, start: int, end: int
) -> None:
    ref = a_version(space)
    await _put(storage, ref, BIG)
    assert await storage.blobs.read_range(ref, "original", start, end) == BIG[start:end]


async def test_a_range_that_makes_no_sense_is_refused(storage: Storage, space: Partition) -> None:
    ref = a_version(space)
    await _put(storage, ref)
    for start, end in ((-1, 5), (5, 4)):
        with pytest.raises(ValueError, match="range"):
            await storage.blobs.read_range(ref, "original", start, end)


async def test_what_is_missing_is_not_found(storage: Storage, space: Partition) -> None:
    ref = a_version(space)
    with pytest.raises(NotFoundError):
        await anext(storage.blobs.read(ref, "original"))
    with pytest.raises(NotFoundError):
        await storage.blobs.read_range(ref, "original", 0, 1)
    with pytest.raises(NotFoundError):
        async with storage.blobs.local(ref, "original"):
            pass
    assert await storage.blobs.info(ref, "original") is None
    assert await storage.blobs.count(space) == 0
    assert await storage.blobs.delete(space, ref.document_id) == 0
    assert await storage.blobs.drop(space) == 0


async def test_a_blob_of_exactly_the_limit_is_kept(storage: Storage, space: Partition) -> None:
    ref = a_version(space)
    info = await storage.blobs.put(ref, "original", chunked(BIG), max_bytes=len(BIG))
    assert info.size_bytes == len(BIG)


async def test_one_byte_too_many_leaves_nothing(storage: Storage, space: Partition) -> None:
    ref = a_version(space)
    with pytest.raises(TooLargeError) as caught:
        await storage.blobs.put(ref, "original", chunked(BIG), max_bytes=len(BIG) - 1)
    assert caught.value.facts == {"limit_bytes": len(BIG) - 1}
    assert await storage.blobs.info(ref, "original") is None
    assert await storage.blobs.count(space) == 0


async def test_a_stream_is_not_read_past_the_limit(storage: Storage, space: Partition) -> None:
    taken = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal taken
        while True:
            taken += 1000
            yield b"x" * 1000

    with pytest.raises(TooLargeError):
        await storage.blobs.put(a_version(space), "original", endless(), max_bytes=5_000)
    assert taken == 6_000


async def test_a_client_that_goes_away_leaves_nothing(storage: Storage, space: Partition) -> None:
    ref = a_version(space)

    async def broken() -> AsyncIterator[bytes]:
        yield BIG
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        await storage.blobs.put(ref, "original", broken(), max_bytes=ROOMY)
    assert await storage.blobs.info(ref, "original") is None


async def test_a_cancelled_put_leaves_nothing_and_the_old_blob_as_it_was(
    storage: Storage, space: Partition
) -> None:
    ref = a_version(space)
    await _put(storage, ref, b"old")
    stalled = asyncio.Event()

    async def stalling() -> AsyncIterator[bytes]:
        yield BIG
        stalled.set()
        await asyncio.Event().wait()

    task = asyncio.create_task(storage.blobs.put(ref, "original", stalling(), max_bytes=ROOMY))
    await stalled.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await _read(storage, ref) == b"old"
    assert await storage.blobs.count(space) == 1


async def test_a_reader_keeps_its_version_while_it_is_replaced(
    storage: Storage, space: Partition
) -> None:
    ref = a_version(space)
    await _put(storage, ref, BIG)
    stream = storage.blobs.read(ref, "original")
    start = await anext(stream)
    await _put(storage, ref, b"new")
    assert start + b"".join([chunk async for chunk in stream]) == BIG
    assert await _read(storage, ref) == b"new"


async def test_many_uploads_at_once_all_arrive(storage: Storage, space: Partition) -> None:
    refs = [a_version(space) for _ in range(16)]
    await asyncio.gather(*(_put(storage, ref, ref.document_id.encode()) for ref in refs))
    assert await storage.blobs.count(space) == 16
    for ref in refs:
        assert await _read(storage, ref) == ref.document_id.encode()


async def test_a_healthy_store_answers_a_ping(storage: Storage, space: Partition) -> None:
    await storage.blobs.ping()
    assert await storage.blobs.count(space) == 0
