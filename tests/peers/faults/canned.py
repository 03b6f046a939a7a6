"""Answering an HTTP request in a server's stead."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from http import HTTPStatus

from tests.peers.faults.toxics import Toxic

_REQUEST = re.compile(rb"(?:GET|PUT|POST|HEAD|PATCH|DELETE|OPTIONS) \S+ HTTP/1\.[01]\r\n")
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_CHUNKED = re.compile(rb"\r\ntransfer-encoding: *chunked", re.IGNORECASE)
_PATIENCE_S = 60.0


def request_line(data: bytes) -> str:
    """Return the request that a chunk begins, "" if it begins none (or is encrypted)."""
    found = _REQUEST.match(data)
    return found[0].decode("latin-1").strip() if found else ""


async def answer(
    one: Toxic, data: bytes, more: Callable[[], Awaitable[bytes]], client: asyncio.StreamWriter
) -> None:
    """Hear the request out (`more` of it, b"" at the end), so that the client listens; answer."""
    async with asyncio.timeout(_PATIENCE_S):
        while not _whole(data):
            if not (next_part := await more()):
                break
            data += next_part
        client.write(_response(one))
        await client.drain()
        client.write_eof()
        while await more():  # until the client has closed: a reset would overtake the answer
            pass


def _whole(data: bytes) -> bool:
    head, ended, body = data.partition(b"\r\n\r\n")
    if not ended:
        return False
    if _CHUNKED.search(head):
        return body.endswith(b"0\r\n\r\n")
    length = _LENGTH.search(head)
    return length is None or len(body) >= int(length[1])


def _response(one: Toxic) -> bytes:
    status = int(one.number("status")) or 503
    body = str(one.attributes.get("body", "")).encode()
    headers = {"content-type": "application/json", **one.attributes.get("headers", {})}
    lines = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    lines += [f"content-length: {len(body)}", "connection: close", "", ""]
    return "\r\n".join(lines).encode("latin-1") + body
