"""Server-sent events (WHATWG): numbered, named, JSON data, with signs of life in between.

Everything that can be refused is refused before a stream begins; what goes wrong in it afterwards
is its last event, `error`.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping
from typing import Any, cast

import orjson
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from app.core.errors import EvaError, InvalidInputError, QueryFailedError
from app.core.events import LAST
from app.core.live import Event
from app.web import shapes
from app.web.problems.rendering import language_of, problem
from app.web.problems.wording import ILL_FORMED

MEDIA_TYPE = "text/event-stream"
_FRESH = "new_citations"
_HEARTBEAT = b": still here\n\n"
_LONGEST_NUMBER = 9
_log = logging.getLogger("eva.web")


class EventStream(Response):
    """Sends events as they come, until the last one or until the client leaves."""

    media_type = MEDIA_TYPE

    def __init__(
        self,
        events: AsyncIterator[Event],
        *,
        heartbeat_s: float,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(status_code=200, headers={"X-Accel-Buffering": "no", **(headers or {})})
        del self.headers["content-length"]
        self._events = events
        self._heartbeat_s = heartbeat_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Stream; whichever way it ends, the events' iterator is closed when this returns."""
        telling = asyncio.create_task(self._tell(scope, send))
        leaving = asyncio.create_task(_gone(receive))
        try:
            await asyncio.wait({telling, leaving}, return_when=asyncio.FIRST_COMPLETED)
            if telling.done():
                telling.result()
        finally:
            for task in (telling, leaving):
                task.cancel()
            await asyncio.gather(telling, leaving, return_exceptions=True)

    async def _tell(self, scope: Scope, send: Send) -> None:
        start: Message = {
            "type": "http.response.start",
            "status": self.status_code,
            "headers": self.raw_headers,
        }
        await send(start)
        async with contextlib.aclosing(_beating(self._events, self._heartbeat_s)) as told:
            async for chunk in _ending(told, scope):
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})


def _shown(event: Event, scope: Scope) -> Event:
    """Return an event in the words of this interface: citations and problems as elsewhere."""
    if event.name == "sentence":
        cited = [shapes.cited(one) for one in cast("list[dict[str, Any]]", event.data[_FRESH])]
        return Event(event.number, event.name, {**event.data, _FRESH: cited})
    if event.name == "error":
        failed = error_event(scope, event.number, QueryFailedError(reason=event.data["reason"]))
        return Event(event.number, event.name, {**event.data, **failed.data})
    return event


def encoded(event: Event) -> bytes:
    """Return an event on the wire; JSON has no line breaks, so its data is one line."""
    data = orjson.dumps({"type": event.name, **event.data}, option=orjson.OPT_UTC_Z)
    return b"id: %d\nevent: %s\ndata: %s\n\n" % (event.number, event.name.encode(), data)


def resumed_after(last_event_id: str | None) -> int:
    """Return the number of the last event that the client saw; InvalidInputError."""
    if last_event_id is None:
        return 0
    if not last_event_id.isdecimal() or len(last_event_id) > _LONGEST_NUMBER:
        raise InvalidInputError(pointer="header:Last-Event-ID", reason=ILL_FORMED)
    return int(last_event_id)


async def _beating(
    events: AsyncIterator[Event], heartbeat_s: float
) -> AsyncGenerator[Event | None, None]:
    """Yield events up to the last, and None after each silence of `heartbeat_s`."""
    upcoming = asyncio.ensure_future(anext(events))
    try:
        while True:
            await asyncio.wait({upcoming}, timeout=heartbeat_s)
            if not upcoming.done():
                yield None
                continue
            event = upcoming.result()
            yield event
            if event.name in LAST:
                return
            upcoming = asyncio.ensure_future(anext(events))
    finally:
        upcoming.cancel()
        await asyncio.gather(upcoming, return_exceptions=True)
        await _close(events)


async def _ending(told: AsyncIterator[Event | None], scope: Scope) -> AsyncIterator[bytes]:
    """Yield what is sent; a fault ends the stream with an `error` event."""
    number = 0
    try:
        async for event in told:
            number = event.number if event else number
            yield encoded(_shown(event, scope)) if event else _HEARTBEAT
    except EvaError as error:
        yield encoded(error_event(scope, number + 1, error))
    except Exception:  # noqa: BLE001 - the client must hear of it
        _log.exception("event stream failed")
        yield encoded(error_event(scope, number + 1, EvaError()))


def error_event(scope: Scope, number: int, error: EvaError) -> Event:
    """Return an `error` event: the problem, its code, and the reason if there is one."""
    body = problem(scope, error, language_of(scope))
    reason = str(error.facts.get("reason", error.code))
    return Event(number, "error", {"code": error.code, "reason": reason, "problem": body})


async def _close(events: AsyncIterator[Event]) -> None:
    closing: Callable[[], Awaitable[None]] | None = getattr(events, "aclose", None)
    if closing is not None:
        await closing()


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
