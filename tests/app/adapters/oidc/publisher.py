"""A web server on a loopback port that answers what a test tells it to, and counts."""

import asyncio
import contextlib
import json
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from app.adapters.oidc import Timing

DISCOVERY = "/.well-known/openid-configuration"
KEYS = "/keys"
PATIENT = Timing(patience=60)  # with issuers that answer, on a loaded machine


@dataclass
class Answer:
    body: bytes
    status: int = 200
    headers: tuple[str, ...] = ()


@dataclass
class Publisher:
    url: str = ""
    pages: dict[str, Answer] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    answering: asyncio.Event = field(default_factory=asyncio.Event)

    def publish(
        self,
        keys: Mapping[str, object] | None = None,
        *,
        issuer: str | None = None,
        at: str = DISCOVERY,
    ) -> None:
        """Publish a discovery document at a path and, if given, a key set."""
        document = {"issuer": issuer or self.url, "jwks_uri": self.url + KEYS}
        self.pages[at] = Answer(json.dumps(document).encode())
        if keys is not None:
            self.pages[KEYS] = Answer(json.dumps(keys).encode())

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            path = (await reader.readuntil(b"\r\n\r\n")).split()[1].decode()
            self.asked.append(path)
            await self.answering.wait()
            answer = self.pages.get(path, Answer(b"", status=404))
            head = [f"HTTP/1.1 {answer.status} .", "connection: close", *answer.headers]
            head.append(f"content-length: {len(answer.body)}")
            writer.write("\r\n".join([*head, "", ""]).encode() + answer.body)
            await writer.drain()
        writer.close()


@asynccontextmanager
async def publishing(tls: ssl.SSLContext | None = None) -> AsyncIterator[Publisher]:
    publisher = Publisher()
    publisher.answering.set()
    server = await asyncio.start_server(publisher.serve, "127.0.0.1", 0, ssl=tls)
    scheme = "https" if tls else "http"
    publisher.url = f"{scheme}://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield publisher
    finally:
        publisher.answering.set()
        server.close()
        await server.wait_closed()
