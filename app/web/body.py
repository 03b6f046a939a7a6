"""The size and pace of request bodies, watched where the bytes come in.

A Content-Length may lie or be absent, so what counts is counted. Nothing is read for an
operation that reads no body.
"""

import asyncio

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.core.errors import TooLargeError
from app.web.errors import SlowRequestError

_KEY = "eva.body"
_PATIENCE_S = 60.0  # the longest pause within a body


class Intake:
    """The receiving end of one request."""

    def __init__(self, scope: Scope, receive: Receive, limit_bytes: int, patience_s: float) -> None:
        self.limit_bytes = limit_bytes
        self._scope = scope
        self._receive = receive
        self._patience_s = patience_s
        self._came = 0
        self._complete = False

    async def receive(self) -> Message:
        """Return the next message; raises TooLargeError above the limit, SlowRequestError."""
        if self._complete:
            return await self._receive()
        if not self._came and _declared(self._scope) > self.limit_bytes:
            raise TooLargeError(limit_bytes=self.limit_bytes)
        try:
            async with asyncio.timeout(self._patience_s):
                message = await self._receive()
        except TimeoutError:
            raise SlowRequestError from None
        self._came += len(message.get("body", b""))
        self._complete = not message.get("more_body", False)
        if self._came > self.limit_bytes:
            raise TooLargeError(limit_bytes=self.limit_bytes)
        return message


class BodyWatch:
    """Pure ASGI middleware: every body has a limit, which an operation may raise for itself."""

    def __init__(self, app: ASGIApp, *, limit_bytes: int, patience_s: float = _PATIENCE_S) -> None:
        self._app = app
        self._limit_bytes = limit_bytes
        self._patience_s = patience_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on with its body under watch."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        intake = Intake(scope, receive, self._limit_bytes, self._patience_s)
        scope[_KEY] = intake
        await self._app(scope, intake.receive, send)


def allow(scope: Scope, limit_bytes: int) -> None:
    """Let this request's body have another limit; before anything of it is read."""
    intake = scope[_KEY]
    assert isinstance(intake, Intake)  # noqa: S101 - put there by BodyWatch
    intake.limit_bytes = limit_bytes


def _declared(scope: Scope) -> int:
    value = Headers(scope=scope).get("content-length", "")
    return int(value) if value.isdecimal() else 0
