"""Who listens to the queries that were asked as streams.

When the last listener of such a query leaves before its end, and nobody resumes within the grace
time, the query is cancelled: nobody wants its answer any more. Where several processes serve, who
left may have resumed at another one: there such a query runs to its end.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

from app.core import deadlines, queries
from app.core.access import Principal
from app.core.errors import EvaError
from app.core.events import LAST
from app.core.live import Event, Live
from app.core.ports import Ports


class Listeners:
    """Counts the listeners of each streamed query."""

    def __init__(
        self,
        ports: Ports,
        live: Live,
        *,
        grace_s: float | None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._ports = ports
        self._live = live
        self._grace_s = grace_s
        self._sleep = sleep
        self._counts: dict[str, int] = {}
        self._leaving: set[asyncio.Task[None]] = set()

    def expect(self, query_id: str) -> None:
        """Say that a query lives for its listeners only, if all of them are counted here."""
        if self._grace_s is not None:
            self._counts.setdefault(query_id, 0)

    def ended(self, query_id: str) -> None:
        """Say that a listener heard a query's last event."""
        self._counts.pop(query_id, None)

    @contextlib.contextmanager
    def listening(self, principal: Principal, query_id: str) -> Iterator[None]:
        """Count a listener for the duration of the context."""
        self._count(query_id, 1)
        try:
            yield
        finally:
            self._count(query_id, -1)
            if self._grace_s is not None and self._counts.get(query_id) == 0:
                self._leave(principal, query_id, self._grace_s)

    async def close(self) -> None:
        """Stop waiting for listeners to come back."""
        for task in self._leaving:
            task.cancel()
        await asyncio.gather(*self._leaving, return_exceptions=True)

    def _count(self, query_id: str, by: int) -> None:
        if query_id in self._counts:
            self._counts[query_id] += by

    def _leave(self, principal: Principal, query_id: str, grace_s: float) -> None:
        task = asyncio.create_task(
            self._cancel_unheard(principal, query_id, grace_s), context=deadlines.unbounded()
        )
        self._leaving.add(task)
        task.add_done_callback(self._leaving.discard)

    async def _cancel_unheard(self, principal: Principal, query_id: str, grace_s: float) -> None:
        await self._sleep(grace_s)
        if self._counts.get(query_id) == 0:
            self.ended(query_id)
            with contextlib.suppress(EvaError):  # it ended, or went, by itself
                await queries.cancel(self._ports, self._live, principal, query_id)


async def counted(
    listeners: Listeners, principal: Principal, query_id: str, told: AsyncIterator[Event]
) -> AsyncIterator[Event]:
    """Yield a query's events to a listener who is counted for as long as this is open."""
    with listeners.listening(principal, query_id):
        async for event in told:
            if event.name in LAST:
                listeners.ended(query_id)
            yield event
