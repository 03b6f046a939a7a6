import asyncio
import hashlib
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from app.core.errors import NotFoundError, TooLargeError
from app.core.models import Partition, VersionRef
from app.core.ports import BlobInfo, BlobStore
from tests.contract.sample import a_version

ROOMY = 1 << 30
BIG = bytes(range(256)) * 12_289  # 3 MiB and a bit: several batches, none of them even


async def chunked(data: bytes, size: int = 10_007) -> AsyncIterator[bytes]:
    for start in range(0, len(data), size):
        yield data[start : start + size]


async def _put(blobs: BlobStore, ref: VersionRef, data: bytes = b"content") -> BlobInfo:
    return await blobs.put(ref, "original", chunked(data), max_bytes=ROOMY)


async def _read(blobs: BlobStore, ref: VersionRef) -> bytes:
    return b"".join([chunk async for chunk in blobs.read(ref, "original")])


@pytest.mark.parametrize("data", [b"", b"x", BIG], ids=["empty", "a byte", "big"])
async def test_what_was_put_is_read_back_and_described(
    blobs: BlobStore, space: Partition, data: bytes
) -> None:
    ref = a_version(space)
    expected = BlobInfo(len(data), hashlib.sha256(data).hexdigest())
    assert await _put(blobs, ref, data) == expected
    assert await blobs.info(ref, "original") == expected
    assert await _read(blobs, ref) == data


async def test_a_part_lent_as_a_file_holds_the_same_bytes(
    blobs: BlobStore, space: Partition
) -> None:
    ref = a_version(space)
    await _put(blobs, ref, BIG)
    async with blobs.local(ref, "original") as path:
        assert await asyncio.to_thread(path.read_bytes) == BIG


async def test_a_put_replaces(blobs: BlobStore, space: Partition) -> None:
    ref = a_version(space)
    await _put(blobs, ref, BIG)
    await _put(blobs, ref, b"shorter")
    assert await _read(blobs, ref) == b"shorter"
    assert await blobs.count(space) == 1


@pytest.mark.parametrize(
    ("start", "end"), [(0, 0), (0, 5), (70_000, 70_100), (3_000_000, 9_999_999), (9_999_999, 10**8)]
)
async def test_ranges_are_half_open_and_end_with_the_blob(
    blobs: BlobStore, space: Partition, start: int, end: int
) -> None:
    ref = a_version(space)
    await _put(blobs, ref, BIG)
    assert await blobs.read_range(ref, "original", start, end) == BIG[start:end]


async def test_a_range_that_makes_no_sense_is_refused(blobs: BlobStore, space: Partition) -> None:
    ref = a_version(space)
    await _put(blobs, ref)
    for start, end in ((-1, 5), (5, 4)):
        with pytest.raises(ValueError, match="range"):
            await blobs.read_range(ref, "original", start, end)


@pytest.mark.parametrize(("start", "end"), [(0, 0), (5, 9), (65_530, 131_080), (10**7, 10**8)])
async def test_a_slice_of_a_text_is_the_same_however_often_it_is_read(
    blobs: BlobStore, space: Partition, start: int, end: int
) -> None:
    ref = a_version(space)
    await blobs.put(ref, "text", chunked(BIG), max_bytes=ROOMY)
    read = [await blobs.read_text(ref, start, end) for _ in range(2)]
    assert read == [BIG[start:end]] * 2


async def test_a_text_that_was_stored_anew_or_deleted_is_not_told_as_it_was(
    blobs: BlobStore, space: Partition
) -> None:
    ref = a_version(space)
    for text in (b"first", b"second", b""):
        await blobs.put(ref, "text", chunked(text), max_bytes=ROOMY)
        assert await blobs.read_text(ref, 0, 100) == text
    assert await blobs.delete(space, ref.document_id) == 1
    with pytest.raises(NotFoundError):
        await blobs.read_text(ref, 0, 100)


async def test_a_slice_of_a_text_that_makes_no_sense_is_refused(
    blobs: BlobStore, space: Partition
) -> None:
    ref = a_version(space)
    await blobs.put(ref, "text", chunked(b"text"), max_bytes=ROOMY)
    for start, end in ((-1, 5), (5, 4)):
        with pytest.raises(ValueError, match="range"):
            await blobs.read_text(ref, start, end)


async def test_what_is_missing_is_not_found(blobs: BlobStore, space: Partition) -> None:
    ref = a_version(space)
    with pytest.raises(NotFoundError):
        await anext(blobs.read(ref, "original"))
    with pytest.raises(NotFoundError):
        await blobs.read_range(ref, "original", 0, 1)
    with pytest.raises(NotFoundError):
        async with blobs.local(ref, "original"):
            pass
    assert await blobs.info(ref, "original") is None
    assert await blobs.count(space) == 0
    assert await blobs.delete(space, ref.document_id) == 0
    assert await blobs.drop(space) == 0


async def test_a_blob_of_exactly_the_limit_is_kept(blobs: BlobStore, space: Partition) -> None:
    ref = a_version(space)
    info = await blobs.put(ref, "original", chunked(BIG), max_bytes=len(BIG))
    assert info.size_bytes == len(BIG)


async def test_one_byte_too_many_leaves_nothing(blobs: BlobStore, space: Partition) -> None:
    ref = a_version(space)
    with pytest.raises(TooLargeError) as caught:
        await blobs.put(ref, "original", chunked(BIG), max_bytes=len(BIG) - 1)
    assert caught.value.facts == {"limit_bytes": len(BIG) - 1}
    assert await blobs.info(ref, "original") is None
    assert await blobs.count(space) == 0


async def test_a_stream_is_not_read_past_the_limit(blobs: BlobStore, space: Partition) -> None:
    taken = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal taken
        while True:
            taken += 1000
            yield b"x" * 1000

    with pytest.raises(TooLargeError):
        await blobs.put(a_version(space), "original", endless(), max_bytes=5_000)
    assert taken == 6_000


async def test_a_client_that_goes_away_leaves_nothing(blobs: BlobStore, space: Partition) -> None:
    ref = a_version(space)

    async def broken() -> AsyncIterator[bytes]:
        yield BIG
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        await blobs.put(ref, "original", broken(), max_bytes=ROOMY)
    assert await blobs.info(ref, "original") is None


async def test_a_cancelled_put_leaves_nothing_and_the_old_blob_as_it_was(
    blobs: BlobStore, space: Partition
) -> None:
    ref = a_version(space)
    await _put(blobs, ref, b"old")
    stalled = asyncio.Event()

    async def stalling() -> AsyncIterator[bytes]:
        yield BIG
        stalled.set()
        await asyncio.Event().wait()

    task = asyncio.create_task(blobs.put(ref, "original", stalling(), max_bytes=ROOMY))
    await stalled.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await _read(blobs, ref) == b"old"
    assert await blobs.count(space) == 1


async def test_a_reader_keeps_its_version_while_it_is_replaced(
    blobs: BlobStore, space: Partition
) -> None:
    ref = a_version(space)
    await _put(blobs, ref, BIG)
    stream = blobs.read(ref, "original")
    start = await anext(stream)
    await _put(blobs, ref, b"new")
    assert start + b"".join([chunk async for chunk in stream]) == BIG
    assert await _read(blobs, ref) == b"new"


async def test_many_uploads_at_once_all_arrive(blobs: BlobStore, space: Partition) -> None:
    refs = [a_version(space) for _ in range(16)]
    await asyncio.gather(*(_put(blobs, ref, ref.document_id.encode()) for ref in refs))
    assert await blobs.count(space) == 16
    for ref in refs:
        assert await _read(blobs, ref) == ref.document_id.encode()


async def test_a_healthy_store_answers_a_ping(blobs: BlobStore, space: Partition) -> None:
    await blobs.ping()
    assert await blobs.count(space) == 0


async def test_versions_are_told_by_when_their_newest_part_was_stored(
    blobs: BlobStore, space: Partition
) -> None:
    began = datetime.now(UTC)
    first = a_version(space)
    second = replace(first, version=2)
    for ref in (first, second):
        await _put(blobs, ref)
    await blobs.put(second, "text", chunked(b"text"), max_bytes=ROOMY)
    later = datetime.now(UTC) + timedelta(minutes=1)
    told = [ref async for ref in blobs.stored_before(later) if ref.partition == space]
    assert sorted(told, key=lambda ref: ref.version) == [first, second]
    earlier = began - timedelta(minutes=1)
    assert not [ref async for ref in blobs.stored_before(earlier) if ref.partition == space]


async def test_a_version_is_discarded_without_its_neighbours(
    blobs: BlobStore, space: Partition
) -> None:
    first = a_version(space)
    second, twelfth = replace(first, version=2), replace(first, version=12)
    for ref in (first, second, twelfth):
        await _put(blobs, ref)
    await blobs.put(second, "text", chunked(b"text"), max_bytes=ROOMY)
    assert await blobs.discard(second) == 2
    assert await blobs.count(space) == 2
    assert [await blobs.discard(ref) for ref in (second, first, twelfth)] == [0, 1, 1]
    assert await blobs.count(space) == 0
