"""Connections: bounds for clients that send their headers slowly, or without end; fewer packets.

uvicorn waits for a request's head as long as it takes, however long it gets. Here both have a
bound; what is refused gets a problem, like everything else. Bodies are watched in `body`. And it
sends the head of an answer by itself: here the body goes with it, if it is there.
"""

import asyncio
from typing import Any, cast

import orjson
from uvicorn.protocols.http.httptools_impl import (
    STATUS_LINE,
    HttpToolsProtocol,
    RequestResponseCycle,
)

from app.core.errors import EvaError
from app.web.errors import BadRequestError, HeadTooLargeError, SlowRequestError
from app.web.problems.rendering import MEDIA_TYPE, problem

LONGEST_HEAD = 64 * 1024
_STATUS = b"HTTP/1.1 "


def watched(patience_s: float) -> type[HttpToolsProtocol]:
    """Return the protocol to serve with: a head has to come within `patience_s`."""
    return type("WatchedConnection", (Watched,), {"patience_s": patience_s})


class Watched(HttpToolsProtocol):
    """uvicorn's protocol, with bounds on the head of a request."""

    patience_s = 10.0

    def __init__(self, *given: Any, **said: Any) -> None:  # noqa: ANN401 - as uvicorn calls it
        super().__init__(*given, **said)
        self._deadline: asyncio.TimerHandle | None = None
        self._head = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for the first request."""
        super().connection_made(cast("asyncio.Transport", _Together(transport, self.loop)))
        self._wait()

    def data_received(self, data: bytes) -> None:
        """Take what came; a head that is not complete yet is measured."""
        before = cast("RequestResponseCycle | None", self.cycle)
        super().data_received(data)
        idle = before is None or before.response_complete
        if self.cycle is not before or not idle:  # a head was completed, or this is of a body
            return
        if self._deadline is None:
            self._wait()  # also for the rest of a body that was answered before its end
        self._head += len(data)
        if self._head > LONGEST_HEAD:
            self._refuse(HeadTooLargeError(limit_bytes=LONGEST_HEAD))

    def on_headers_complete(self) -> None:
        """Stop waiting: what follows is a body."""
        self._stop_waiting()
        super().on_headers_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop waiting."""
        self._stop_waiting()
        super().connection_lost(exc)

    def send_400_response(self, msg: str) -> None:
        """Answer what is not HTTP."""
        del msg
        self._refuse(BadRequestError())

    def _wait(self) -> None:
        self._head = 0
        self._deadline = self.loop.call_later(self.patience_s, self._refuse, SlowRequestError())

    def _stop_waiting(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _refuse(self, error: EvaError) -> None:
        """Answer and close; a connection that never sent anything is just closed."""
        said_nothing = self._head == 0 and isinstance(error, SlowRequestError)
        self._stop_waiting()
        if self.transport.is_closing():
            return
        if not said_nothing:
            body = problem({"raw_path": b"/"}, error, "en")
            text = orjson.dumps(body)
            head = (
                f"content-type: {MEDIA_TYPE}\r\ncontent-length: {len(text)}\r\n"
                "content-language: en\r\nconnection: close\r\n\r\n"
            )
            self.transport.write(STATUS_LINE[body["status"]] + head.encode() + text)
        self.transport.close()


class _Together:
    """A transport that keeps an answer's head for a moment, so that it goes with the body."""

    def __init__(self, inner: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._inner = inner
        self._loop = loop
        self._head = b""

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the transport has
        return getattr(self._inner, name)

    def write(self, data: bytes) -> None:
        """Send, now or before the event loop turns to anything else."""
        if self._head:
            data, self._head = self._head + data, b""
        elif data.startswith(_STATUS):
            self._head = data
            self._loop.call_soon(self._send_head)
            return
        self._inner.write(data)

    def close(self) -> None:
        """Send what is left, then close."""
        self._send_head()
        self._inner.close()

    def _send_head(self) -> None:
        if self._head:
            head, self._head = self._head, b""
            self._inner.write(head)
