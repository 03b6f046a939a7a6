"""A client that listens to an event stream, and may leave it."""

import asyncio
import json
from collections.abc import Mapping
from typing import Any

import httpx2
from starlette.types import Message

from tests.app.web.house import API, QUESTION, House, new_space

SSE = {"Accept": "text/event-stream"}


class Line:
    """A client at the other end of a stream: it collects what comes, and may leave."""

    def __init__(self) -> None:
        self.text = ""
        self.status = 0
        self.ended = False
        self._left = asyncio.Event()
        self._came = asyncio.Event()
        self._body: bytes | None = None

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
        else:
            self.text += message["body"].decode()
            self.ended = not message.get("more_body", False)
        self._came.set()
        await asyncio.sleep(0)

    async def receive(self) -> Message:
        if self._body is not None:
            body, self._body = self._body, None
            return {"type": "http.request", "body": body, "more_body": False}
        await self._left.wait()
        return {"type": "http.disconnect"}

    def leave(self) -> None:
        self._left.set()

    async def until(self, wanted: str) -> None:
        async with asyncio.timeout(60):
            while wanted not in self.text:
                self._came.clear()
                await self._came.wait()

    def calls(
        self, house: House, client: httpx2.AsyncClient, path: str, body: Mapping[str, Any] | None
    ) -> asyncio.Task[None]:
        """Send a request and go on listening in the background."""
        self._body = b"" if body is None else json.dumps(body).encode()
        headers = {**SSE, "content-type": "application/json", **dict(client.headers)}
        scope = {
            "type": "http",
            "method": "GET" if body is None else "POST",
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "headers": [(n.lower().encode(), v.encode()) for n, v in headers.items()],
        }
        return asyncio.create_task(house.asgi(scope, self.receive, self.send))


def events(text: str) -> list[tuple[int, str, dict[str, Any]]]:
    """Parse a stream into id, name and data of its events."""
    found = []
    for block in text.split("\n\n"):
        lines = [line for line in block.split("\n") if line and not line.startswith(":")]
        if lines:
            fields = dict(line.split(": ", 1) for line in lines)
            found.append((int(fields["id"]), fields["event"], json.loads(fields["data"])))
    return found


async def asked_then_heard(
    house: House, client: httpx2.AsyncClient
) -> tuple[str, Line, asyncio.Task[None]]:
    """Ask without a stream, then listen: return where the query is, the line and its call."""
    asked = {"space_ids": [await new_space(client)], "question": QUESTION}
    where = (await client.post(f"{API}/queries", json=asked)).headers["location"]
    line = Line()
    call = line.calls(house, client, f"{where}/events", None)
    await line.until("still here")
    return where, line, call
