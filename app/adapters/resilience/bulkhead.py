"""A bulkhead: so many calls at once, so many waiting, and no more."""

import asyncio
import contextlib
from collections.abc import AsyncIterator


class FullError(Exception):
    """No more may wait, or none became free in time."""


class Bulkhead:
    """Admits `calls` at once; `waiting` more wait for them, each no longer than it may."""

    def __init__(self, calls: int, waiting: int) -> None:
        self._free = asyncio.Semaphore(calls)
        self._most_waiting = waiting
        self.waiting = 0

    @contextlib.asynccontextmanager
    async def place(self, within_s: float) -> AsyncIterator[None]:
        """Hold a place for the duration of the context; raises FullError."""
        await self._enter(within_s)
        try:
            yield
        finally:
            self._free.release()

    async def _enter(self, within_s: float) -> None:
        if not self._free.locked():
            await self._free.acquire()
            return
        if self.waiting >= self._most_waiting:
            raise FullError
        self.waiting += 1
        try:
            async with asyncio.timeout(within_s):
                await self._free.acquire()
        except TimeoutError:
            raise FullError from None
        finally:
            self.waiting -= 1
