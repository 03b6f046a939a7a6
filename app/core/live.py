"""What happens to running queries, told to whoever listens in this process.

Events are numbered from 1 and the same for every listener, whether live or rebuilt from a
finished query: a client that resumes with the last number it saw misses none and gets none twice.
"""

import asyncio
from collections.abc import AsyncIterator, Coroutine, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

from app.core import deadlines
from app.core.models import Query, Stored

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Event:
    """One event of a query; `data` is JSON-ready."""

    number: int
    name: str  # "status", "passages", "sentence", "done", "error"
    data: Mapping[str, object]


@dataclass(slots=True)
class _Channel:
    accepted: Stored[Query] | None = None
    begun: asyncio.Task[Any] | None = None
    events: list[Event] = field(default_factory=list)
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    listeners: int = 0
    cancelled: bool = False
    closed: bool = False


class Live:
    """The channels of the queries that run in this process."""

    def __init__(self) -> None:
        self._channels: dict[str, _Channel] = {}

    def open(self, query_id: str, accepted: Stored[Query] | None = None) -> None:
        """Begin telling of a query; begin again after a retry, which ends who followed before.

        A channel that nothing was told on yet stays as it is, with its followers, and so does one
        of work that was begun before the query was accepted. `accepted` is the query as this
        process has just stored it, for its answering here.
        """
        before = self._channels.get(query_id)
        if before is None or (before.events and before.begun is None):
            self.close(query_id)
            self._channels[query_id] = _Channel(accepted)
        elif accepted is not None:
            before.accepted = accepted

    def accepted(self, query_id: str) -> Stored[Query] | None:
        """Return the query as it was stored here, if nothing was told of it since."""
        channel = self._channels.get(query_id)
        if channel is None or (channel.events and channel.begun is None):
            return None
        return channel.accepted

    @contextmanager
    def beginning(self, query_id: str) -> Iterator[None]:
        """Let work be begun on a query that nobody was told of; it ends here unless accepted.

        What ran before goes on: it is of another request under the same Idempotency-Key.
        """
        before = self._channels.get(query_id)
        try:
            yield
        finally:
            channel = self._channels.get(query_id)
            if (
                channel is not None
                and channel is not before
                and channel.begun is not None
                and channel.accepted is None
            ):
                self.close(query_id)

    def begin(self, query_id: str, work: Coroutine[Any, Any, T]) -> asyncio.Task[T] | None:
        """Begin to answer a query; its job, should it get one, goes on with this (`begun`).

        None if it runs here: that other request has begun, and who listens hears of one work only.
        """
        if self.runs(query_id):
            work.close()
            return None
        self.open(query_id)
        begun = asyncio.create_task(work, context=deadlines.unbounded())
        self._channels[query_id].begun = begun
        return begun

    def begun(self, query_id: str) -> asyncio.Task[Any] | None:
        """Return, once, the work that was begun before the query was accepted."""
        channel = self._channels.get(query_id)
        if channel is None:
            return None
        begun, channel.begun = channel.begun, None
        return begun

    def tell(self, query_id: str, name: str, data: Mapping[str, object]) -> None:
        """Append an event; without a channel nobody listens and nothing happens."""
        channel = self._channels.get(query_id)
        if channel is not None:
            channel.events.append(Event(len(channel.events) + 1, name, data))
            channel.changed.set()

    def close(self, query_id: str) -> None:
        """Say that no more events come; the stored query tells the rest."""
        channel = self._channels.pop(query_id, None)
        if channel is not None:
            channel.closed = True
            channel.changed.set()
            if channel.begun is not None:  # and wanted by nobody
                channel.begun.cancel()

    def cancel(self, query_id: str) -> None:
        """Ask the running query to stop."""
        channel = self._channels.get(query_id)
        if channel is not None:
            channel.cancelled = True
            channel.changed.set()

    def cancelled(self, query_id: str) -> bool:
        """Tell whether the query was asked to stop."""
        channel = self._channels.get(query_id)
        return channel is not None and channel.cancelled

    def runs(self, query_id: str) -> bool:
        """Tell whether the query runs here."""
        return query_id in self._channels

    def heard(self, query_id: str) -> bool:
        """Tell whether anybody listens to the query here."""
        channel = self._channels.get(query_id)
        return channel is not None and channel.listeners > 0

    async def finished(self, query_id: str) -> None:
        """Return when the query is no longer running here."""
        channel = self._channels.get(query_id)
        while channel is not None and not channel.closed:
            channel.changed.clear()
            await channel.changed.wait()

    async def follow(self, query_id: str, *, after: int = 0) -> AsyncIterator[Event]:
        """Yield events numbered above `after` until the query ends."""
        channel = self._channels.get(query_id)
        if channel is None:
            return
        channel.listeners += 1
        try:
            while not (channel.closed and len(channel.events) <= after):
                for event in channel.events[after:]:
                    after = event.number
                    yield event
                if len(channel.events) <= after and not channel.closed:
                    channel.changed.clear()
                    await channel.changed.wait()
        finally:
            channel.listeners -= 1
