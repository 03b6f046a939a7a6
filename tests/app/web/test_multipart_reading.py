"""The reader of multipart messages by itself, fed in pieces of every size."""

import asyncio
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request
from starlette.types import Message

from app.core.errors import EvaError
from app.web.errors import MalformedBodyError
from app.web.multipart import Multipart
from tests.app.web.forms import END, FILE, KIND, part


def message(data: bytes, sizes: Sequence[int]) -> Multipart:
    """Return a reader of a message that comes in pieces."""
    pieces = []
    for size in sizes:
        pieces.append(data[:size])
        data = data[size:]
    pieces.append(data)
    waiting = iter(pieces)

    async def receive() -> Message:
        piece = next(waiting, None)
        return {"type": "http.request", "body": piece or b"", "more_body": piece is not None}

    headers = [(b"content-type", KIND["Content-Type"].encode())]
    return Multipart(Request({"type": "http", "method": "POST", "headers": headers}, receive))


async def read(reader: Multipart) -> bytes:
    await reader.open()
    return b"".join([chunk async for chunk in reader.data()])


_SIZES = st.lists(st.integers(min_value=1, max_value=50), max_size=60)


@given(data=st.binary(max_size=400), sizes=_SIZES, before=st.booleans(), title=st.text(max_size=20))
def test_however_a_message_is_cut_the_same_file_and_fields_come_out(
    data: bytes, sizes: list[int], title: str, *, before: bool
) -> None:
    data = data.replace(b"\r\n--frontier", b"")
    field = part("title", title.encode(errors="replace"))
    file = part("file", data, "w.txt")
    reader = message((field + file if before else file + field) + END, sizes)
    assert asyncio.run(read(reader)) == data
    assert reader.fields == {"title": title.encode(errors="replace").decode()}
    assert reader.filename == "w.txt"


@given(data=st.binary(max_size=300), sizes=_SIZES)
def test_no_bytes_make_the_reading_fail_otherwise_than_by_a_known_error(
    data: bytes, sizes: list[int]
) -> None:
    for sent in (data, b"--frontier\r\n" + data, FILE + data, FILE[:-10] + data + END):
        reader = message(sent, sizes)
        try:
            asyncio.run(read(reader))
        except EvaError as error:
            assert error.code in ("malformed-body", "invalid-input")
        else:
            assert reader.filename == "w.txt"


def test_a_file_that_looks_like_a_boundary_is_kept() -> None:
    data = b"\r\n--frontie\r\n--frontierX\r\n--front"
    assert asyncio.run(read(message(part("file", data, "w.txt") + END, [5] * 30))) == data


def test_an_upload_that_ends_without_its_boundary_is_malformed() -> None:
    with pytest.raises(MalformedBodyError):
        asyncio.run(read(message(FILE, [])))


def test_two_uploads_differ_by_file_name_field_or_content() -> None:
    digests = set()
    for sent in (
        FILE,
        part("file", b"some plain words", "v.txt"),
        part("file", b"other plain words", "w.txt"),
        FILE + part("title", b"t"),
        FILE + part("tags", b"t"),
    ):
        reader = message(sent + END, [])
        asyncio.run(read(reader))
        digests.add(reader.digest())
    assert len(digests) == 5
    again = message(part("file", b"some plain words", "w.txt") + END, [3] * 9)
    asyncio.run(read(again))
    assert again.digest() in digests
