"""What only a real server on a real socket can show: memory, broken connections, keep-alive."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx2
import pytest

from tests.app.cli.serving import Served, serving
from tests.app.web.house import API, QUESTION, new_space, problem

MIB = 1024 * 1024
FORM = {"Content-Type": "multipart/form-data; boundary=frontier"}
HEAD = b'--frontier\r\nContent-Disposition: form-data; name="file"; filename="big.txt"\r\n\r\n'
TAIL = b"\r\n--frontier--\r\n"
BLOCK = b"all work and no play makes a dull day \n" * 1600  # some 62 kB


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    """A server that accepts, and leaves the work to others."""
    settings = {
        "EVA_WORKER": "off",
        "EVA_SSE_HEARTBEAT_S": "0.05",
        "EVA_SSE_GRACE_S": "0.2",
        "EVA_MAX_UPLOAD_MB": "100",
    }
    with serving(tmp_path, **settings) as found:
        yield found


@contextlib.asynccontextmanager
async def reaching(served: Served) -> AsyncIterator[httpx2.AsyncClient]:
    assert served.token is not None
    headers = {"X-API-Key": served.token}
    async with httpx2.AsyncClient(base_url=served.url, headers=headers, timeout=60) as client:
        yield client


def memory_kib(served: Served, what: str) -> int:
    status = Path(f"/proc/{served.process.pid}/status").read_text()
    [line] = [line for line in status.splitlines() if line.startswith(what)]
    return int(line.split()[1])


async def big(size: int) -> AsyncIterator[bytes]:
    yield HEAD
    for _ in range(size // len(BLOCK)):
        yield BLOCK
    yield BLOCK[: size % len(BLOCK)] + TAIL


def files(folder: Path) -> list[Path]:
    found = [path for path in (folder / "data" / "blobs").rglob("*") if path.is_file()]
    return [path for path in found if "lock" not in path.name]


async def test_a_file_of_100_mb_hardly_moves_the_memory(served: Served, tmp_path: Path) -> None:
    async with reaching(served) as client:
        target = f"{API}/spaces/{await new_space(client)}/documents"
        small = await client.post(target, content=big(MIB), headers=FORM)
        assert small.status_code == 202
        before = memory_kib(served, "VmRSS")
        made = await client.post(target, content=big(100 * MIB), headers=FORM)
        assert (made.status_code, made.json()["size_bytes"]) == (202, 100 * MIB)
        assert memory_kib(served, "VmHWM") - before < 64 * 1024
        read = 0
        where = f"{made.headers['location']}/content"
        async with client.stream("GET", where) as download:
            async for chunk in download.aiter_bytes():
                read += len(chunk)
        assert read == 100 * MIB
        assert memory_kib(served, "VmHWM") - before < 64 * 1024
        refused = await client.post(target, content=big(100 * MIB + 1), headers=FORM)
        problem(refused, 413, "too-large")
    assert len(files(tmp_path)) == 2


async def opened(served: Served) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    host, port = served.url.removeprefix("http://").split(":")
    return await asyncio.open_connection(host, int(port))


async def test_a_connection_lost_in_mid_file_leaves_nothing(served: Served, tmp_path: Path) -> None:
    async with reaching(served) as client:
        space = await new_space(client)
        _, writer = await opened(served)
        writer.write(
            f"POST {API}/spaces/{space}/documents HTTP/1.1\r\nHost: eva\r\n"
            f"X-API-Key: {served.token}\r\nContent-Type: {FORM['Content-Type']}\r\n"
            f"Transfer-Encoding: chunked\r\n\r\n".encode()
        )
        for piece in (HEAD, BLOCK, BLOCK):
            writer.write(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
        await writer.drain()
        writer.close()
        await writer.wait_closed()
        async with asyncio.timeout(60):
            while files(tmp_path):  # noqa: ASYNC110 - another process removes them
                await asyncio.sleep(0.02)
        listed = await client.get(f"{API}/spaces/{space}/documents")
        assert listed.json()["items"] == []


async def test_a_listener_whose_connection_breaks_ends_its_query(served: Served) -> None:
    async with reaching(served) as client:
        space = await new_space(client)
        asked = {"space_ids": [space], "question": QUESTION}
        header = {"Accept": "text/event-stream"}
        async with client.stream("POST", f"{API}/queries", json=asked, headers=header) as told:
            assert told.status_code == 200
            async for line in told.aiter_lines():
                assert line == ": still here"
                break
        status = ""
        async with asyncio.timeout(60):
            while status != "cancelled":
                listed = await client.get(f"{API}/queries?space_id={space}")
                status = listed.json()["items"][0]["status"]
                await asyncio.sleep(0.02)
        assert status == "cancelled"


async def test_a_connection_outlives_every_refusal(served: Served) -> None:
    """A server that closes silently after an error resets the client's next request."""
    reader, writer = await opened(served)
    key = f"X-API-Key: {served.token}\r\n"
    json = "Content-Type: application/json\r\n"
    requests = [
        ("GET /nowhere HTTP/1.1\r\nHost: eva\r\n\r\n", "404"),
        (f"GET {API}/spaces HTTP/1.1\r\nHost: eva\r\n\r\n", "401"),
        (f"GET {API}/spaces?cursor=x HTTP/1.1\r\nHost: eva\r\n{key}\r\n", "400"),
        (f"PUT {API}/spaces HTTP/1.1\r\nHost: eva\r\n{key}\r\n", "405"),
        (
            f"POST {API}/spaces HTTP/1.1\r\nHost: eva\r\n{key}{json}Content-Length: 1\r\n\r\n{{",
            "400",
        ),
        ("GET /livez HTTP/1.1\r\nHost: eva\r\n\r\n", "200"),
    ]
    for request, status in requests:
        writer.write(request.encode())
        head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 60)
        assert head.decode().split()[1] == status
        assert b"server:" not in head.lower()
        [length] = [
            line.split(b":")[1]
            for line in head.lower().split(b"\r\n")
            if line.startswith(b"content-length")
        ]
        await reader.readexactly(int(length))
    writer.close()
    await writer.wait_closed()


async def test_headers_cannot_be_smuggled_through_a_file_name(served: Served) -> None:
    async with reaching(served) as client:
        target = f"{API}/spaces/{await new_space(client)}/documents"
        name = b"a%0d%0aX-Evil: 1=?utf-8?Q?=0D=0AX-Evil:_1?=.txt"
        sent = HEAD.replace(b"big.txt", name) + b"plain words" + TAIL
        made = await client.post(target, content=sent, headers=FORM)
        assert made.status_code == 202, made.text
        assert not set(made.json()["filename"]) & set("\r\n\0")
        found = await client.get(f"{made.headers['location']}/content")
        assert found.status_code == 200
        assert "x-evil" not in found.headers
