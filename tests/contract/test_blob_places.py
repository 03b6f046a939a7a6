from collections.abc import AsyncIterator

import pytest

from app.core.errors import InvalidInputError
from app.core.ids import new_id
from app.core.models import Partition, VersionRef
from app.core.ports import BlobInfo
from tests.contract.backends import Storage
from tests.contract.sample import a_version

ROOMY = 1 << 30


async def chunked(data: bytes, size: int = 10_007) -> AsyncIterator[bytes]:
    for start in range(0, len(data), size):
        yield data[start : start + size]


async def _put(storage: Storage, ref: VersionRef, data: bytes = b"content") -> BlobInfo:
    return await storage.blobs.put(ref, "original", chunked(data), max_bytes=ROOMY)


async def _read(storage: Storage, ref: VersionRef) -> bytes:
    return b"".join([chunk async for chunk in storage.blobs.read(ref, "original")])


async def test_parts_and_versions_do_not_touch_each_other(
    storage: Storage, space: Partition
) -> None:
    first = a_version(space)
    second = a_version(space, 2, first.document_id)
    await _put(storage, first, b"one")
    await _put(storage, second, b"two")
    await storage.blobs.put(first, "text", chunked(b"text of one"), max_bytes=ROOMY)
    assert await _read(storage, first) == b"one"
    assert await _read(storage, second) == b"two"
    assert await storage.blobs.read_range(first, "text", 0, 100) == b"text of one"
    assert await storage.blobs.info(first, "map") is None


async def test_deleting_a_document_takes_all_its_parts_and_nothing_else(
    storage: Storage, space: Partition
) -> None:
    first, other = a_version(space), a_version(space)
    second = a_version(space, 2, first.document_id)
    for ref in (first, second, other):
        await _put(storage, ref)
    await storage.blobs.put(second, "text", chunked(b"text"), max_bytes=ROOMY)
    assert await storage.blobs.count(space, first.document_id) == 3
    assert await storage.blobs.delete(space, first.document_id) == 3
    assert await storage.blobs.delete(space, first.document_id) == 0
    assert await storage.blobs.count(space, first.document_id) == 0
    assert await storage.blobs.info(second, "original") is None
    assert await _read(storage, other) == b"content"


async def test_a_document_can_be_stored_again_after_its_deletion(
    storage: Storage, space: Partition
) -> None:
    ref = a_version(space)
    await _put(storage, ref, b"old")
    await storage.blobs.delete(space, ref.document_id)
    await _put(storage, ref, b"new")
    await storage.blobs.drop(space)
    await _put(storage, ref, b"newest")
    assert await _read(storage, ref) == b"newest"


async def test_dropping_a_space_takes_its_blobs_alone(
    storage: Storage, home: Partition, space: Partition
) -> None:
    neighbour = a_version(Partition(home.tenant_id, new_id("spc")))
    for ref in (a_version(space), a_version(space), neighbour):
        await _put(storage, ref)
    assert await storage.blobs.drop(space) == 2
    assert await storage.blobs.count(space) == 0
    assert await storage.blobs.count(neighbour.partition) == 1


async def test_another_tenants_blobs_are_not_there(
    storage: Storage, space: Partition, stranger: Partition
) -> None:
    mine = a_version(space)
    theirs = a_version(stranger, 1, mine.document_id)
    await _put(storage, mine)
    assert await storage.blobs.info(theirs, "original") is None
    assert await storage.blobs.count(stranger) == 0
    assert await storage.blobs.delete(stranger, mine.document_id) == 0
    assert await storage.blobs.drop(stranger) == 0
    assert await _read(storage, mine) == b"content"


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
    storage: Storage, space: Partition, name: str
) -> None:
    places = [
        VersionRef(tenant_id=name, space_id=space.space_id, document_id="doc_1", version=1),
        VersionRef(tenant_id=space.tenant_id, space_id=name, document_id="doc_1", version=1),
        VersionRef(tenant_id=space.tenant_id, space_id=space.space_id, document_id=name, version=1),
    ]
    for ref in places:
        with pytest.raises(InvalidInputError, match="is not an id"):
            await _put(storage, ref)
        with pytest.raises(InvalidInputError, match="is not an id"):
            await storage.blobs.delete(ref.partition, ref.document_id)
