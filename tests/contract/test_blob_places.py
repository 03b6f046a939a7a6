from collections.abc import AsyncIterator

import pytest

from app.core.errors import InvalidInputError
from app.core.ids import new_id
from app.core.models import Partition, VersionRef
from app.core.ports import BlobInfo, BlobStore
from tests.contract.sample import a_version

ROOMY = 1 << 30


async def chunked(data: bytes, size: int = 10_007) -> AsyncIterator[bytes]:
    for start in range(0, len(data), size):
        yield data[start : start + size]


async def _put(blobs: BlobStore, ref: VersionRef, data: bytes = b"content") -> BlobInfo:
    return await blobs.put(ref, "original", chunked(data), max_bytes=ROOMY)


async def _read(blobs: BlobStore, ref: VersionRef) -> bytes:
    return b"".join([chunk async for chunk in blobs.read(ref, "original")])


async def test_parts_and_versions_do_not_touch_each_other(
    blobs: BlobStore, space: Partition
) -> None:
    first = a_version(space)
    second = a_version(space, 2, first.document_id)
    await _put(blobs, first, b"one")
    await _put(blobs, second, b"two")
    await blobs.put(first, "text", chunked(b"text of one"), max_bytes=ROOMY)
    assert await _read(blobs, first) == b"one"
    assert await _read(blobs, second) == b"two"
    assert await blobs.read_range(first, "text", 0, 100) == b"text of one"
    assert await blobs.info(first, "map") is None


async def test_deleting_a_document_takes_all_its_parts_and_nothing_else(
    blobs: BlobStore, space: Partition
) -> None:
    first, other = a_version(space), a_version(space)
    second = a_version(space, 2, first.document_id)
    for ref in (first, second, other):
        await _put(blobs, ref)
    await blobs.put(second, "text", chunked(b"text"), max_bytes=ROOMY)
    assert await blobs.count(space, first.document_id) == 3
    assert await blobs.delete(space, first.document_id) == 3
    assert await blobs.delete(space, first.document_id) == 0
    assert await blobs.count(space, first.document_id) == 0
    assert await blobs.info(second, "original") is None
    assert await _read(blobs, other) == b"content"


async def test_a_document_can_be_stored_again_after_its_deletion(
    blobs: BlobStore, space: Partition
) -> None:
    ref = a_version(space)
    await _put(blobs, ref, b"old")
    await blobs.delete(space, ref.document_id)
    await _put(blobs, ref, b"new")
    await blobs.drop(space)
    await _put(blobs, ref, b"newest")
    assert await _read(blobs, ref) == b"newest"


async def test_dropping_a_space_takes_its_blobs_alone(
    blobs: BlobStore, home: Partition, space: Partition
) -> None:
    neighbour = a_version(Partition(home.tenant_id, new_id("spc")))
    for ref in (a_version(space), a_version(space), neighbour):
        await _put(blobs, ref)
    assert await blobs.drop(space) == 2
    assert await blobs.count(space) == 0
    assert await blobs.count(neighbour.partition) == 1


async def test_another_tenants_blobs_are_not_there(
    blobs: BlobStore, space: Partition, stranger: Partition
) -> None:
    mine = a_version(space)
    theirs = a_version(stranger, 1, mine.document_id)
    await _put(blobs, mine)
    assert await blobs.info(theirs, "original") is None
    assert await blobs.count(stranger) == 0
    assert await blobs.delete(stranger, mine.document_id) == 0
    assert await blobs.drop(stranger) == 0
    assert await _read(blobs, mine) == b"content"


@pytest.mark.parametrize(
    "name",
    [
        "..",
        ".",
        "",
        "a/b",
        "../doc_1",
        "/etc",
        "doc_1\x00",
        "DOC_1",
        ".incoming",
        "doc_é",
        "a" * 101,
        "doc_1\n",
    ],
)
async def test_a_name_that_is_no_id_of_ours_is_refused(
    blobs: BlobStore, space: Partition, name: str
) -> None:
    places = [
        VersionRef(tenant_id=name, space_id=space.space_id, document_id="doc_1", version=1),
        VersionRef(tenant_id=space.tenant_id, space_id=name, document_id="doc_1", version=1),
        VersionRef(tenant_id=space.tenant_id, space_id=space.space_id, document_id=name, version=1),
    ]
    for ref in places:
        with pytest.raises(InvalidInputError, match="is not an id"):
            await _put(blobs, ref)
        with pytest.raises(InvalidInputError, match="is not an id"):
            await blobs.delete(ref.partition, ref.document_id)
