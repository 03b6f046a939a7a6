"""Uploads are durable, held once a space, and never mixed up."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from app.core import documents, receipts, spaces, uploads
from app.core.access import Principal
from app.core.errors import (
    InvalidInputError,
    NotFoundError,
    TooLargeError,
    UnsupportedTypeError,
)
from app.core.models import DocumentStatus
from app.core.ports import Listing, Ports
from tests.app.core import acting


async def content(ports: Ports, principal: Principal, document_id: str) -> bytes:
    found = await documents.get(ports, principal, document_id)
    parts = documents.download(ports, found.value, found.value.latest)
    return b"".join([part async for part in parts])


async def test_an_upload_is_pending_then_ready_with_its_facts(
    ports: Ports, alice: Principal
) -> None:
    space_id = await acting.space(ports, alice)
    uploaded = await uploads.upload(
        ports, alice, space_id, acting.file(acting.PASSPORT), acting.said
    )
    assert uploaded.document.value.latest.status is DocumentStatus.PENDING
    assert uploaded.document.value.current is None
    await acting.work(ports)
    found = (await documents.get(ports, alice, uploaded.document.value.id)).value
    assert found.current == 1
    assert found.latest.status is DocumentStatus.READY
    assert (found.latest.language, found.latest.passages) == ("en", 1)
    assert found.latest.characters == len(acting.PASSPORT)
    assert await documents.text(ports, found, found.latest) == acting.PASSPORT


async def test_the_same_content_twice_is_one_document(ports: Ports, alice: Principal) -> None:
    space_id = await acting.space(ports, alice)
    first = await acting.upload(ports, alice, space_id, acting.PASSPORT)
    again = await uploads.upload(
        ports, alice, space_id, acting.file(acting.PASSPORT, "other.txt"), acting.said
    )
    assert again.duplicate
    assert again.document.value.id == first
    assert len((await documents.page(ports, alice, space_id, Listing())).items) == 1
    assert await ports.blobs.count(alice.space(space_id)) == 3


async def test_many_uploads_of_the_same_content_at_once_are_one_document(
    ports: Ports, alice: Principal
) -> None:
    space_id = await acting.space(ports, alice)
    all_ = await asyncio.gather(
        *(
            uploads.upload(ports, alice, space_id, acting.file("same"), acting.said)
            for _ in range(8)
        )
    )
    assert len({one.document.value.id for one in all_}) == 1
    assert sum(not one.duplicate for one in all_) == 1


async def test_content_whose_document_was_deleted_can_be_uploaded_again(
    ports: Ports, alice: Principal
) -> None:
    space_id = await acting.space(ports, alice)
    first = await acting.upload(ports, alice, space_id, acting.PASSPORT)
    await documents.delete(ports, alice, first)
    second = await acting.upload(ports, alice, space_id, acting.PASSPORT)
    assert second != first
    await acting.work(ports)
    assert (await documents.get(ports, alice, second)).value.current == 1
    assert await content(ports, alice, second) == acting.PASSPORT.encode()


async def test_an_upload_above_the_limit_is_refused_and_leaves_nothing(
    ports: Ports, alice: Principal
) -> None:
    space_id = await acting.space(ports, alice)
    with pytest.raises(TooLargeError) as refused:
        await uploads.upload(
            ports, alice, space_id, acting.file("x" * 5000, max_bytes=4999), acting.said
        )
    assert refused.value.facts == {"limit_bytes": 4999}
    assert await ports.blobs.count(alice.space(space_id)) == 0


@pytest.mark.parametrize(
    ("data", "name", "error"),
    [
        (b"", "empty.txt", InvalidInputError),
        (b"MZ\x90\x00\x03" + bytes(range(256)) * 8, "tool.exe", UnsupportedTypeError),
    ],
)
async def test_what_cannot_be_read_is_refused_before_it_is_stored(
    ports: Ports, alice: Principal, data: bytes, name: str, error: type[Exception]
) -> None:
    space_id = await acting.space(ports, alice)
    with pytest.raises(error):
        await uploads.upload(ports, alice, space_id, acting.file(data, name), acting.said)
    assert await ports.blobs.count(alice.space(space_id)) == 0


async def test_a_client_that_breaks_off_leaves_nothing(ports: Ports, alice: Principal) -> None:
    space_id = await acting.space(ports, alice)

    async def broken() -> AsyncIterator[bytes]:
        yield b"x" * 100_000
        raise ConnectionResetError

    wanted = uploads.File(filename="a.txt", data=broken(), max_bytes=1 << 20)
    with pytest.raises(ConnectionResetError):
        await uploads.upload(ports, alice, space_id, wanted, acting.said)
    assert await ports.blobs.count(alice.space(space_id)) == 0


async def test_an_upload_into_a_space_that_goes_meanwhile_is_refused(
    ports: Ports, alice: Principal
) -> None:
    space_id = await acting.space(ports, alice)

    async def slowly() -> AsyncIterator[bytes]:
        yield b"first"
        await spaces.delete(ports, alice, space_id)
        yield b"second"

    wanted = uploads.File(filename="a.txt", data=slowly(), max_bytes=1 << 20)
    with pytest.raises(NotFoundError):
        await uploads.upload(ports, alice, space_id, wanted, acting.said)
    await acting.work(ports)
    assert await ports.blobs.count(alice.space(space_id)) == 0


async def test_deleting_while_the_document_is_read_is_never_refused_as_stale(
    ports: Ports, alice: Principal
) -> None:
    space_id = await acting.space(ports, alice)
    for number in range(5):
        text = f"{acting.PASSPORT} Number {number}."
        uploaded = await uploads.upload(ports, alice, space_id, acting.file(text), acting.said)
        working = asyncio.create_task(acting.work(ports))
        await asyncio.sleep(0.01 * number)
        await documents.delete(ports, alice, uploaded.document.value.id)
        await working
        await acting.work(ports)
    assert await ports.blobs.count(alice.space(space_id)) == 0


async def test_a_second_deletion_at_the_same_time_does_not_reopen_the_receipt(
    ports: Ports, alice: Principal
) -> None:
    space_id = await acting.space(ports, alice)
    document_id = await acting.upload(ports, alice, space_id, acting.PASSPORT)
    both = await asyncio.gather(
        *(documents.delete(ports, alice, document_id) for _ in range(2)), return_exceptions=True
    )
    assert sum(isinstance(one, NotFoundError) for one in both) == 1
    await acting.work(ports)
    receipt = await receipts.get(ports, alice, document_id)
    assert receipt.value.completed_at is not None
