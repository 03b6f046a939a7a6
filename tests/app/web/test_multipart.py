"""Uploads as bytes on the wire: whatever clients do to a multipart message."""

import asyncio
import re
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from pathlib import Path

import httpx2
import pytest
from starlette.types import Message

from app.web.multipart import MOST_FIELD_BYTES, MOST_PARTS
from tests.app.web.forms import END, FILE, KIND, part
from tests.app.web.house import API, House, new_space, problem, settled


@pytest.fixture
async def target(client: httpx2.AsyncClient) -> str:
    return f"{API}/spaces/{await new_space(client)}/documents"


async def count(client: httpx2.AsyncClient, target: str) -> int:
    return len((await client.get(target)).json()["items"])


def stored(house: House) -> list[str]:
    """Return the files of documents that are in the data folder."""
    assert house.services.data_dir is not None
    blobs: Path = house.services.data_dir / "blobs"
    return [str(path) for path in blobs.rglob("*") if path.is_file() and "lock" not in path.name]


async def test_fields_behind_the_file_count(client: httpx2.AsyncClient, target: str) -> None:
    sent = FILE + part("title", "Après".encode()) + part("metadata", b'{"a": 1}') + END
    made = await client.post(target, content=sent, headers=KIND)
    assert made.status_code == 202
    assert (made.json()["title"], made.json()["metadata"]) == ("Après", {"a": 1})


@pytest.mark.parametrize(
    ("sent", "pointer"),
    [
        (END, "/file"),
        (part("title", b"x") + END, "/file"),
        (part("file", b"no name") + END, "/file"),
        (FILE + FILE + END, "/file"),
        (part("file", b"", "empty.txt") + END, "/file"),
        (part("colour", b"red") + FILE + END, "/colour"),
        (FILE + part("colour", b"red") + END, "/colour"),
        (part("title", b"a") + part("title", b"b") + FILE + END, "/title"),
        (FILE + part("title", b"") + END, "/title"),
        (FILE + part("title", b"t" * 256) + END, "/title"),
        (FILE + part("metadata", b"{") + END, "/metadata"),
        (FILE + part("metadata", b"[]") + END, "/metadata"),
        (FILE + part("metadata", b'{"a": {"b": 1}}') + END, "/metadata"),
        (FILE + part("tags", b"[1]") + END, "/tags/0"),
        (FILE + part("tags", b"[") + END, "/tags"),
        (FILE + part("tags", b"a," * 51 + b"b") + END, "/tags"),
        (part("metadata", b"x" * (MOST_FIELD_BYTES + 1)) + FILE + END, "/metadata"),
        (b"".join(part("title", b"") for _ in range(MOST_PARTS + 1)) + END, "/title"),
    ],
    ids=lambda value: value[:40].decode(errors="replace") if isinstance(value, bytes) else value,
)
async def test_a_message_that_says_something_wrong_leaves_nothing(
    client: httpx2.AsyncClient, house: House, target: str, sent: bytes, pointer: str
) -> None:
    refused = await client.post(target, content=sent, headers=KIND)
    body = problem(refused, 422, "invalid-input")
    assert body["errors"][0]["pointer"] == pointer
    assert await count(client, target) == 0
    assert stored(house) == []


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"no multipart at all",
        FILE,
        FILE[:-4],
        FILE + b"--frontier",
        b"--other\r\n\r\n\r\n--other--\r\n",
        b"--frontier\r\nContent-Disposition form-data\r\n\r\nx\r\n--frontier--\r\n",
        b"--frontier\r\n" + b"X-Long: " + b"x" * 20_000 + b"\r\n\r\n\r\n--frontier--\r\n",
        FILE + part("title", b"\xff\xfe") + END,
    ],
    ids=["empty", "text", "no end", "cut", "cut end", "boundary", "header", "long", "utf8"],
)
async def test_a_broken_message_is_malformed_and_leaves_nothing(
    client: httpx2.AsyncClient, house: House, target: str, sent: bytes
) -> None:
    problem(await client.post(target, content=sent, headers=KIND), 400, "malformed-body")
    assert await count(client, target) == 0
    assert stored(house) == []


@pytest.mark.parametrize(
    ("kind", "status", "code"),
    [
        ("application/json", 415, "unsupported-media-type"),
        ("application/x-www-form-urlencoded", 415, "unsupported-media-type"),
        ("", 415, "unsupported-media-type"),
        ("multipart/form-data", 400, "malformed-body"),
        ("multipart/form-data; boundary=", 400, "malformed-body"),
        ("multipart/form-data; boundary=" + "b" * 300, 400, "malformed-body"),
    ],
)
async def test_a_body_that_is_not_a_form_is_refused(
    client: httpx2.AsyncClient, target: str, kind: str, status: int, code: str
) -> None:
    refused = await client.post(target, content=FILE + END, headers={"Content-Type": kind})
    problem(refused, status, code)


async def test_a_file_of_an_unreadable_kind_is_refused_by_content(
    client: httpx2.AsyncClient, house: House, target: str
) -> None:
    sent = part("file", b"\x7fELF\x02\x01\x01" + bytes(100), "report.pdf") + END
    problem(await client.post(target, content=sent, headers=KIND), 415, "unsupported-type")
    assert stored(house) == []


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("../../../etc/passwd.txt", "passwd.txt"),
        ("a.txt%0d%0aX-Evil: 1", "a.txt%0d%0aX-Evil: 1"),
        ("=?utf-8?B?w7wudHh0?=", "ü.txt"),
        ("C:\\\\temp\\\\a.txt", "a.txt"),
    ],
)
async def test_a_file_name_is_cleaned_and_comes_back_in_one_header(
    client: httpx2.AsyncClient, target: str, name: str, kept: str
) -> None:
    sent = part("file", b"some plain words", name) + END
    made = await client.post(target, content=sent, headers=KIND)
    assert made.json()["filename"] == kept, made.text
    found = await client.get(f"{API}/documents/{made.json()['id']}/content")
    assert re.fullmatch(
        r"attachment; filename=\"[ -~]*\"; filename\*=UTF-8''[!-~]+",
        found.headers["content-disposition"],
    )
    assert "x-evil" not in found.headers


async def chunks(data: bytes, sizes: Sequence[int]) -> AsyncIterator[bytes]:
    for size in sizes:
        yield data[:size]
        data = data[size:]
    yield data


async def test_a_file_is_capped_however_it_is_sent(house: House) -> None:
    limits = replace(house.services.limits, max_upload_bytes=50_000)
    client = await house.with_services(limits=limits).client()
    target = f"{API}/spaces/{await new_space(client)}/documents"
    sent = part("file", b"word " * 10_001, "w.txt") + END
    exact = part("file", b"word " * 10_000, "w.txt") + END
    chunked = await client.post(target, content=chunks(sent, [1000] * 40), headers=KIND)
    assert "50000" in problem(chunked, 413, "too-large")["detail"]
    problem(await client.post(target, content=sent, headers=KIND), 413, "too-large")
    assert stored(house) == []
    assert (await client.post(target, content=exact, headers=KIND)).status_code == 202


async def test_a_body_that_declares_too_much_is_refused_unread(
    client: httpx2.AsyncClient, target: str
) -> None:
    header = {**KIND, "Content-Length": str(10**12)}
    problem(await client.post(target, content=chunks(FILE, []), headers=header), 413, "too-large")


@pytest.mark.parametrize("chunked", [True, False])
async def test_a_json_body_is_capped_however_it_is_sent(
    client: httpx2.AsyncClient, house: House, *, chunked: bool
) -> None:
    most = house.services.limits.max_json_bytes
    sent = b'{"name": "' + b"x" * most + b'"}'
    header = {"Content-Type": "application/json"}
    content = chunks(sent, [most // 2]) if chunked else sent
    problem(await client.post(f"{API}/spaces", content=content, headers=header), 413, "too-large")


async def test_a_client_that_leaves_in_mid_file_leaves_nothing(
    client: httpx2.AsyncClient, house: House, target: str
) -> None:
    pieces = iter([FILE[:-2] + b"x" * 70_000])
    told = []

    async def receive() -> Message:
        piece = next(pieces, None)
        if piece is None:
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": piece, "more_body": True}

    async def send(message: Message) -> None:
        told.append(message)
        await asyncio.sleep(0)

    headers = [(b"x-api-key", client.headers["x-api-key"].encode())]
    headers += [(b"content-type", KIND["Content-Type"].encode())]
    scope = {
        "type": "http",
        "method": "POST",
        "path": target,
        "raw_path": target.encode(),
        "query_string": b"",
        "headers": headers,
    }
    await house.asgi(scope, receive, send)
    assert told == []
    assert await count(client, target) == 0
    assert stored(house) == []


async def test_a_ready_upload_is_found(client: httpx2.AsyncClient, target: str) -> None:
    made = await client.post(target, content=FILE + END, headers=KIND)
    assert (await settled(client, made.json()["id"]))["characters"] == 16
