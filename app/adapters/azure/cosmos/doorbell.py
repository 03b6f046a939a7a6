"""How workers learn at once that there is work; without it they look now and then."""

import asyncio
from collections.abc import Sequence
from typing import Protocol

from app.core.models import JobKind

LOOK_S = 1.0  # between looks at work that nobody may have rung for


class Doorbell(Protocol):
    """Rings late, twice or not at all: nothing rests on it, and it raises nothing."""

    @property
    def quiet_s(self) -> float:
        """Return how long it may be quiet before one looks all the same, in seconds."""

    def ring(self, kind: JobKind) -> bool:
        """Say soon that there is a job of this kind; tell whether somebody surely heard."""

    async def wait(self, kinds: Sequence[JobKind], timeout_s: float) -> Sequence[JobKind]:
        """Return for which of the kinds it rang; none after the timeout."""


class LocalDoorbell:
    """Rings within this process."""

    quiet_s = LOOK_S

    def __init__(self) -> None:
        self._waiting: dict[asyncio.Future[JobKind], Sequence[JobKind]] = {}

    def ring(self, kind: JobKind) -> bool:
        """Wake one of those who wait for the kind; tell whether there was one."""
        for waiter, kinds in self._waiting.items():
            if kind in kinds and not waiter.done():
                waiter.set_result(kind)
                return True
        return False

    async def wait(self, kinds: Sequence[JobKind], timeout_s: float) -> Sequence[JobKind]:
        """Return when it rings."""
        waiter: asyncio.Future[JobKind] = asyncio.get_running_loop().create_future()
        self._waiting[waiter] = kinds
        try:
            await asyncio.wait({waiter}, timeout=timeout_s)
        finally:
            del self._waiting[waiter]
        return [waiter.result()] if waiter.done() else []


class BothDoorbells:
    """Rings here, or in other processes if nobody waits here; whichever is heard first counts."""

    def __init__(self, here: Doorbell, elsewhere: Doorbell) -> None:
        self._elsewhere = elsewhere
        self._bells = (here, elsewhere)

    @property
    def quiet_s(self) -> float:
        """Return how long one may rely on the other processes' rings."""
        return self._elsewhere.quiet_s

    def ring(self, kind: JobKind) -> bool:
        """Ring, from the nearest on, until somebody heard."""
        return any(bell.ring(kind) for bell in self._bells)

    async def wait(self, kinds: Sequence[JobKind], timeout_s: float) -> Sequence[JobKind]:
        """Return when one rings."""
        waits = [asyncio.create_task(self._heard(bell, kinds, timeout_s)) for bell in self._bells]
        try:
            done, _ = await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            return [kind for one in done for kind in one.result()]
        finally:
            for one in waits:
                one.cancel()
            await asyncio.gather(*waits, return_exceptions=True)

    async def _heard(
        self, bell: Doorbell, kinds: Sequence[JobKind], timeout_s: float
    ) -> Sequence[JobKind]:
        return await bell.wait(kinds, timeout_s)
