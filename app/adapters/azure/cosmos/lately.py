"""What this process read a moment ago: good for as long as the reader says, or until it changes it.

Only what other processes change meanwhile is seen late, and never by more than was allowed.
"""

import time
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from app.adapters.azure.cosmos.remembering import Remembered

K = TypeVar("K")
V = TypeVar("V")


class Lately(Generic[K, V]):
    """Values with the moments at which they were asked for."""

    def __init__(self, most: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._held: Remembered[K, tuple[float, V]] = Remembered(most)
        self._changes = 0

    async def get(self, key: K, within_s: float, ask: Callable[[], Awaitable[V]]) -> V:
        """Return what was asked for no longer ago than that, or ask."""
        began, changes, held = self._clock(), self._changes, self._held.get(key)
        if held is not None and began - held[0] < within_s:
            return held[1]
        value = await ask()
        if changes == self._changes:  # else what was read may be older than our own change
            self._held.put(key, (began, value))
        return value

    def forget(self, key: K) -> None:
        """Ask again: this process is changing it, or has."""
        self._changes += 1
        self._held.take(key)
