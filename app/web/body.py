"""The size and pace of request bodies, watched where the bytes come in.

A Content-Length may lie or be absent, so what counts is counted. Nothing is read for an
operation that reads no body.
"""

import asyncio
import time
from dataclasses import dataclass

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.core.errors import TooLargeError
from app.web.errors import SlowRequestError, UnsupportedEncodingError

_KEY = "eva.body"


@dataclass(frozen=True, slots=True, kw_only=True)
class BodyRules:
    """How large a body may be, how long it may pause, and the least pace it has to keep.

    A client that sends a byte now and then keeps no pause, but holds a connection: all in all it
    may be waited for as long as one pause and what came at the least pace take.
    """

    limit_bytes: int
    pause_s: float = 30.0
    bytes_a_second: int = 1024


class Intake:
    """The receiving end of one request."""

    def __init__(self, scope: Scope, receive: Receive, rules: BodyRules) -> None:
        self.limit_bytes = rules.limit_bytes
        self._scope = scope
        self._receive = receive
        self._rules = rules
        self._came = 0
        self._waited_s = 0.0
        self._complete = False

    async def receive(self) -> Message:
        """Return the next message.

        Raises TooLargeError above the limit, UnsupportedEncodingError, SlowRequestError.
        """
        if self._complete:
            return await self._receive()
        if not self._came:
            self._look_ahead()
        message = await self._next()
        self._came += len(message.get("body", b""))
        self._complete = not message.get("more_body", False)
        if self._came > self.limit_bytes:
            raise TooLargeError(limit_bytes=self.limit_bytes)
        return message

    def _look_ahead(self) -> None:
        """Refuse by the headers what need not be read."""
        headers = Headers(scope=self._scope)
        if headers.get("content-encoding", "identity").strip().lower() not in ("", "identity"):
            raise UnsupportedEncodingError
        declared = headers.get("content-length", "")
        if declared.isdecimal() and int(declared) > self.limit_bytes:
            raise TooLargeError(limit_bytes=self.limit_bytes)

    async def _next(self) -> Message:
        rules = self._rules
        left_s = rules.pause_s + self._came / rules.bytes_a_second - self._waited_s
        begun = time.monotonic()
        try:
            async with asyncio.timeout(min(rules.pause_s, left_s)):
                return await self._receive()
        except TimeoutError:
            raise SlowRequestError from None
        finally:
            self._waited_s += time.monotonic() - begun


class BodyWatch:
    """Pure ASGI middleware: every body has a limit, which an operation may raise for itself."""

    def __init__(self, app: ASGIApp, rules: BodyRules) -> None:
        self._app = app
        self._rules = rules

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on with its body under watch."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        intake = Intake(scope, receive, self._rules)
        scope[_KEY] = intake
        await self._app(scope, intake.receive, send)


def allow(scope: Scope, limit_bytes: int) -> None:
    """Let this request's body have another limit; before anything of it is read."""
    intake = scope[_KEY]
    assert isinstance(intake, Intake)  # noqa: S101 - put there by BodyWatch
    intake.limit_bytes = limit_bytes
