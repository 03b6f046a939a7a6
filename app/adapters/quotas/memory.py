"""Counters in this process's memory.

The storage of `limits` looks through all its keys on every hit, in a task of its own: a hit costs
the more, the more callers there are. Here expired keys are looked for now and then.
"""

import time

from limits.aio.storage import MemoryStorage

_SWEEP_S = 30.0


class SweptMemory(MemoryStorage):
    """The library's storage, swept every `_SWEEP_S` seconds of use."""

    STORAGE_SCHEME = ("async+swept-memory",)  # type: ignore[assignment]  # a list, but never changed

    def __init__(self) -> None:
        super().__init__()
        self._swept_at = time.monotonic()

    async def _MemoryStorage__schedule_expiry(self) -> None:  # noqa: N802 - replaces the library's
        now = time.monotonic()
        if now - self._swept_at >= _SWEEP_S:
            self._swept_at = now
            self._sweep(time.time())

    def _sweep(self, now: float) -> None:
        for key in [key for key, end in self.expirations.items() if end <= now]:
            self.storage.pop(key, None)
            self.expirations.pop(key, None)
            self.locks.pop(key, None)
