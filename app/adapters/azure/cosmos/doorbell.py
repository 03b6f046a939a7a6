"""How workers learn at once that there is work; without it they look once a second."""

import asyncio
from collections.abc import Sequence
from typing import Protocol

from app.core.models import JobKind


class Doorbell(Protocol):
    """Rings late, twice or not at all: nothing rests on it, and it raises nothing."""

    def ring(self, kind: JobKind) -> bool:
        """Say soon that there is a job of this kind; tell whether somebody surely heard."""

    async def wait(self, kinds: Sequence[JobKind], timeout_s: float) -> None:
        """Return when it rang for one of the kinds, at the latest after the timeout."""


class LocalDoorbell:
    """Rings within this process."""

    def __init__(self) -> None:
        self._waiting: dict[asyncio.Future[None], Sequence[JobKind]] = {}

    def ring(self, kind: JobKind) -> bool:
        """Wake one of those who wait for the kind; tell whether there was one."""
        for waiter, kinds in self._waiting.items():
            if kind in kinds and not waiter.done():
                waiter.set_result(None)
                return True
        return False

    async def wait(self, kinds: Sequence[JobKind], timeout_s: float) -> None:
        """Return when it rings."""
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting[waiter] = kinds
        try:
            await asyncio.wait({waiter}, timeout=timeout_s)
        finally:
            del self._waiting[waiter]


class BothDoorbells:
    """Rings here, or in other processes if nobody waits here; whichever is heard first counts."""

    def __init__(self, here: Doorbell, elsewhere: Doorbell) -> None:
        self._bells = (here, elsewhere)

    def ring(self, kind: JobKind) -> bool:
        """Ring, from the nearest on, until somebody heard."""
        return any(bell.ring(kind) for bell in self._bells)

    async def wait(self, kinds: Sequence[JobKind], timeout_s: float) -> None:
        """Return when one rings."""
        waits = [asyncio.create_task(self._heard(bell, kinds, timeout_s)) for bell in self._bells]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for one in waits:
                one.cancel()
            await asyncio.gather(*waits, return_exceptions=True)

    async def _heard(self, bell: Doorbell, kinds: Sequence[JobKind], timeout_s: float) -> None:
        await bell.wait(kinds, timeout_s)
