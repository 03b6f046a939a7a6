"""Services with limits, and connections to them."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import httpx2

from tests.app.web.house import House

Open: TypeAlias = Callable[..., AbstractAsyncContextManager[House]]


async def statuses(client: httpx2.AsyncClient, path: str, times: int, **more: Any) -> list[int]:
    return [(await client.get(path, **more)).status_code for _ in range(times)]


@dataclass
class Wire:
    """An ASGI connection: what the application sent, and what it was asked."""

    scope: dict[str, Any]
    sent: list[dict[str, Any]] = field(default_factory=list)

    async def receive(self) -> dict[str, Any]:
        kind = self.scope["type"]
        return {"type": "websocket.connect" if kind == "websocket" else "http.request"}

    async def send(self, message: Any) -> None:
        self.sent.append(dict(message))

    @property
    def status(self) -> int | None:
        starts = [one for one in self.sent if one["type"].endswith("response.start")]
        return starts[0]["status"] if starts else None


def wire(path: str, kind: str = "http", client: str = "203.0.113.9", **more: Any) -> Wire:
    headers = [(b"host", b"eva")]
    scope: dict[str, Any] = {
        "type": kind,
        "path": path,
        "raw_path": path.encode(),
        "headers": headers,
    }
    scope |= {
        "headers": headers,
        "query_string": b"",
        "client": (client, 1),
        "server": ("eva", 80),
        "scheme": "http",
    }
    scope |= {"method": "GET", "http_version": "1.1", "root_path": "", "state": {}}
    return Wire({**scope, **more})
