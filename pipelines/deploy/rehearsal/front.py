"""A small HTTP front: passes requests on to where it is told, and can spoil some on the way."""

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, MutableMapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, TypeAlias

import httpx2
import uvicorn

from pipelines.deploy.model import Sample

Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
App: TypeAlias = Callable[[Message, Receive, Send], Awaitable[None]]
_HOP = {b"connection", b"keep-alive", b"transfer-encoding", b"content-length", b"date", b"server"}
_HEALTH = ("/livez", "/readyz", "/health")
# Longer than clients keep a connection that is idle, five seconds: who closes it at the same moment
# as it is used again loses that request.
_KEEP_ALIVE_S = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What is wrong with a build: requests delayed by seconds, or a share answered 500.

    Probes of health are spared: a build that breaks those never gets past the smoke test.
    """

    delay_s: float = 0.0
    error_rate: float = 0.0


@dataclass(frozen=True, slots=True)
class Passed:
    """A request that went through: when it ended, how it was answered and after how long."""

    at: float
    status: int
    seconds: float


class Front:
    """ASGI application that asks `target()` for every request where to pass it on to."""

    def __init__(self, target: Callable[[], str], fault: Fault | None = None) -> None:
        self._target = target
        self._fault = fault or Fault()
        self._share = 0.0  # of a request that fails
        self._http = httpx2.AsyncClient(
            timeout=60, limits=httpx2.Limits(max_connections=None, max_keepalive_connections=50)
        )
        self._passed: deque[Passed] = deque(maxlen=100_000)

    async def sample(self, last_s: float) -> Sample:
        """Return what went through in the last seconds: a `Gauge`, where clients stand."""
        since = time.monotonic() - last_s
        recent = [one for one in self._passed if one.at >= since]
        late = sorted(one.seconds for one in recent)
        p95 = late[int(len(late) * 0.95)] if late else 0.0
        failed = sum(one.status >= HTTPStatus.INTERNAL_SERVER_ERROR for one in recent)
        return Sample(requests=len(recent), failures=failed, p95_ms=p95 * 1000)

    def forget(self) -> None:
        """Begin a new page of what went through."""
        self._passed.clear()

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Pass one request on."""
        if scope["type"] != "http":
            return
        began = time.monotonic()
        body = b""
        while (message := await receive())["type"] == "http.request":
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        status, headers, content = await self._answer(scope, body)
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": content})
        now = time.monotonic()
        self._passed.append(Passed(now, status, now - began))

    async def _answer(
        self, scope: Message, body: bytes
    ) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
        if not scope["path"].startswith(_HEALTH):
            await asyncio.sleep(self._fault.delay_s)
            self._share += self._fault.error_rate
            if self._share >= 1:
                self._share -= 1
                return 500, [(b"content-type", b"text/plain")], b"the bad build fails\n"
        query = scope["query_string"].decode("latin-1")
        url = self._target() + scope["path"] + (f"?{query}" if query else "")
        sent = [pair for pair in scope["headers"] if pair[0] not in _HOP]
        try:
            told = await self._http.request(scope["method"], url, headers=sent, content=body)
        except httpx2.TransportError as error:
            return 502, [(b"content-type", b"text/plain")], f"{error!r}\n".encode()
        headers = [pair for pair in told.headers.raw if pair[0].lower() not in _HOP]
        return told.status_code, headers, told.content

    async def close(self) -> None:
        """Let go of its connections."""
        await self._http.aclose()


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to the program that this is a part of."""
        yield


@contextlib.asynccontextmanager
async def serving(app: App) -> AsyncIterator[str]:
    """Serve an ASGI application on a free port of this machine; its address."""
    options: Mapping[str, Any] = {"log_level": "error", "lifespan": "off", "access_log": False}
    config = uvicorn.Config(
        app, host="127.0.0.1", port=0, timeout_keep_alive=_KEEP_ALIVE_S, **options
    )
    server = _Server(config)
    running = asyncio.create_task(server.serve())
    try:
        while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it
            await asyncio.sleep(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        await running
