"""Notes of requests on their way into the audit trail.

Nobody waits for them, an outage of the store loses none, and there is an end to how many are kept.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeAlias

from app.core.errors import UnavailableError
from app.core.ports import Noted

_MOST_WAITING = 10_000
_RETRY_S = 0.5
_GATHER_S = 0.02  # what comes within it is written at one go: one wake-up, one fsync
# Writes a batch; returns what could not be written now, in order.
Write: TypeAlias = Callable[[Sequence[Noted]], Awaitable[Sequence[Noted]]]


class Notes:
    """What waits, and the task that writes it, `most` at a time, after `gather_s` seconds."""

    def __init__(self, write: Write, most: int, gather_s: float = _GATHER_S) -> None:
        self._write = write
        self._most = most
        self._gather_s = gather_s
        self._waiting: deque[Noted] = deque()
        self._writing: asyncio.Task[None] | None = None

    def add(self, noted: Noted) -> None:
        """Keep a note for the next write; UnavailableError when too many wait."""
        if len(self._waiting) >= _MOST_WAITING:
            raise UnavailableError(dependency="audit", retry_after=1)
        self._waiting.append(noted)
        if self._writing is None or self._writing.done():
            self._writing = asyncio.get_running_loop().create_task(self._run())

    async def flush(self) -> None:
        """Wait for the write that is under way."""
        while self._writing is not None and not self._writing.done():
            await asyncio.wait({self._writing})

    async def close(self) -> None:
        """Write what waits; give up if the store can't be written."""
        if self._writing is not None:
            await asyncio.wait({self._writing}, timeout=5 * _RETRY_S)
            self._writing.cancel()
            await asyncio.gather(self._writing, return_exceptions=True)

    async def _run(self) -> None:
        while self._waiting:
            if len(self._waiting) < self._most:
                await asyncio.sleep(self._gather_s)
            batch = [self._waiting.popleft() for _ in range(min(self._most, len(self._waiting)))]
            if left := await self._write(batch):
                self._waiting.extendleft(reversed(left))
                await asyncio.sleep(_RETRY_S)
