"""A counter that other processes share, and what happens while it can't be reached.

Every question has one short deadline. After some failures in a row nobody is asked any more for
a while (the breaker is open), then one call tries again. Meanwhile calls are counted here alone,
or refused: as their policy says.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from redis.exceptions import RedisError

from app.core import metrics
from app.core.errors import UnavailableError
from app.core.quotas import Counter, OnLoss, Take

T = TypeVar("T")
DEADLINE_S = 0.05
_TOLERATED = 3  # failures in a row
_PAUSE_S = 5.0
_log = logging.getLogger("eva.quotas")


class Breaker:
    """Tells whether to ask. Open after some failures in a row; one call at a time tries again."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._failures = 0
        self._open_until = 0.0

    def lets_pass(self) -> bool:
        """Tell whether this call may ask; the one that tries again holds back the others."""
        if self._failures < _TOLERATED:
            return True
        if self._clock() < self._open_until:
            return False
        self._open_until = self._clock() + _PAUSE_S
        return True

    def succeeded(self) -> bool:
        """Note a success; tell whether it ended an outage."""
        ended = self._failures >= _TOLERATED
        self._failures = 0
        return ended

    def failed(self) -> bool:
        """Note a failure; tell whether it began an outage."""
        self._failures += 1
        if self._failures >= _TOLERATED:
            self._open_until = self._clock() + _PAUSE_S
        return self._failures == _TOLERATED


class SharedCounter:
    """`Counter`: the remote one, or the local one while that is lost. `lost` counts such calls."""

    def __init__(
        self,
        remote: Counter,
        local: Counter,
        breaker: Breaker | None = None,
        deadline_s: float = DEADLINE_S,
    ) -> None:
        self._remote = remote
        self._local = local
        self._breaker = breaker or Breaker()
        self._deadline_s = deadline_s
        self.lost = 0

    async def take(self, *takes: Take) -> float:
        """Take where it can be taken; UnavailableError if that is nowhere for this call."""
        found = await self._asked(lambda: self._remote.take(*takes))
        if found is not None:
            return found
        self.lost += 1
        if any(take.on_loss is OnLoss.CLOSED for take in takes):
            raise UnavailableError(dependency="quotas", retry_after=_PAUSE_S)
        return await self._local.take(*takes)

    async def left(self, take: Take) -> tuple[int, float]:
        """Look where takes are counted now."""
        found = await self._asked(lambda: self._remote.left(take))
        return await self._local.left(take) if found is None else found

    async def _asked(self, ask: Callable[[], Awaitable[T]]) -> T | None:
        """Return the remote counter's answer, None if it gave none in time."""
        if not self._breaker.lets_pass():
            metrics.called("redis", "rejected")
            return None
        try:
            with metrics.calling("redis"):
                async with asyncio.timeout(self._deadline_s):
                    answer = await ask()
        except (RedisError, OSError, TimeoutError) as error:
            if self._breaker.failed():
                _log.critical("shared quotas are lost: %s", type(error).__name__)
            return None
        if self._breaker.succeeded():
            _log.warning("shared quotas are back")
        return answer
