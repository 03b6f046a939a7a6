"""One dependency's guard: every call of it goes through here."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Collection
from dataclasses import dataclass
from typing import TypeVar

from app.adapters.resilience.breaker import Breaker, Rules, State
from app.adapters.resilience.bulkhead import Bulkhead, FullError
from app.adapters.resilience.retrying import Budget, pause_s
from app.core import deadlines, metrics
from app.core.errors import EvaError, StorageFullError, UnavailableError

R = TypeVar("R")
_TELLING_S = 1.0  # a call that had less time than this proves nothing by not ending


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one dependency may take of us.

    `timeout_s` bounds a call (and the silence of a stream), `soon_s` one that can be done without,
    `long_s` one that moves much; all give way to an earlier deadline of the request. `attempts`
    counts the first.
    """

    timeout_s: float = 5.0
    soon_s: float = 2.0
    long_s: float = 300.0
    calls: int = 64
    waiting: int = 256
    wait_s: float = 2.0
    attempts: int = 3


@dataclass(frozen=True, slots=True)
class Manner:
    """How a call is to be made.

    Whether repeating it does no harm, whether it moves much, whether who asks can do without.
    """

    repeatable: bool = False
    long: bool = False
    soon: bool = False


class Guard:
    """Bulkhead, breaker, retry budget and deadline of one dependency.

    `parts` are the names by which errors call it. An error about another one, asked on the way,
    proves nothing about this one. An adapter that asks again by itself, so that `attempts` is 1,
    takes its retries from the same `budget` and earns them.
    """

    def __init__(
        self,
        dependency: str,
        limits: Limits | None = None,
        rules: Rules | None = None,
        *,
        parts: Collection[str] = (),
        budget: Budget | None = None,
    ) -> None:
        self.dependency = dependency
        self._parts = {dependency, *parts}
        self.limits = limits or Limits()
        self._labels = {"dependency": dependency}
        self.breaker = Breaker(rules, told=self._turned)
        self._bulkhead = Bulkhead(self.limits.calls, self.limits.waiting)
        self.budget = budget or Budget()

    async def call(self, work: Callable[[], Awaitable[R]], manner: Manner) -> R:
        """Do the work, again if that may help; UnavailableError when it can't be done in time."""
        if self.limits.attempts > 1:
            self.budget.earn()
        attempt = 1
        while True:
            try:
                return await self._once(work, self._bound(manner))
            except UnavailableError as error:
                pause = self._again(error, manner, attempt)
                if pause is None:
                    raise
            attempt += 1
            metrics.count("eva.dependency.retries", self._labels)
            await asyncio.sleep(pause)

    async def stream(
        self, items: Callable[[], AsyncIterator[R]], manner: Manner
    ) -> AsyncIterator[R]:
        """Yield what comes; each item must come in time. Nothing is repeated."""
        bound_s = self._bound(manner)
        async with self._admitted(bound_s), contextlib.aclosing(_generator(items())) as stream:
            while True:
                async with asyncio.timeout(bound_s):
                    try:
                        item = await anext(stream)
                    except StopAsyncIteration:
                        return
                yield item

    async def _once(self, work: Callable[[], Awaitable[R]], bound_s: float) -> R:
        async with self._admitted(bound_s), asyncio.timeout(bound_s):
            return await work()

    @contextlib.asynccontextmanager
    async def _admitted(self, bound_s: float) -> AsyncIterator[None]:
        """Admit a call, and learn from how it ends. A refusal for a good reason is a success."""
        ticket = self.breaker.admits()
        if ticket is None:
            raise self._refusal("rejected")
        try:
            async with self._bulkhead.place(self._wait_s()):
                yield
        except FullError:
            self.breaker.left(ticket)
            raise self._refusal("rejected") from None
        except BaseException as error:
            self._learn(ticket, error, bound_s)
            if isinstance(error, TimeoutError):
                raise self._refusal("timeout") from None
            raise
        self.breaker.succeeded(ticket)

    def _learn(self, ticket: int, error: BaseException, bound_s: float) -> None:
        """Tell the breaker what an error proves about the dependency."""
        match error:
            case StorageFullError():
                self.breaker.left(ticket)
            case UnavailableError() if not self._blames_us(error):
                self.breaker.left(ticket)
            case TimeoutError() if bound_s < min(self.limits.timeout_s, _TELLING_S):
                self.breaker.left(ticket)
            case EvaError() if not isinstance(error, UnavailableError):
                self.breaker.succeeded(ticket)
            case Exception():
                self.breaker.failed(ticket)
            case _:  # the caller gave it up
                self.breaker.left(ticket)

    def _blames_us(self, error: UnavailableError) -> bool:
        ours = error.facts.get("dependency", self.dependency) in self._parts
        return ours and error.facts.get("outcome") != "throttled"

    def _bound(self, manner: Manner) -> float:
        left = deadlines.remaining()
        most = self.limits.long_s if manner.long else self.limits.timeout_s
        if manner.soon:
            most = min(most, self.limits.soon_s)
        return most if left is None else min(most, left)

    def _again(self, error: UnavailableError, manner: Manner, attempt: int) -> float | None:
        """Return how long to wait before doing it again; None if it is not to be done again.

        What was throttled was not done, so that it may be repeated whatever it is. What took too
        long took the time that there was.
        """
        outcome = error.facts.get("outcome")
        if outcome in ("rejected", "timeout") or isinstance(error, StorageFullError):
            return None
        if attempt >= self.limits.attempts or not (manner.repeatable or outcome == "throttled"):
            return None
        asked = float(str(error.facts.get("retry_after", 0))) if outcome == "throttled" else 0.0
        pause, left = pause_s(attempt, asked), deadlines.remaining()
        if pause > (self.limits.timeout_s if left is None else left) or not self.budget.spend():
            return None
        return pause

    def _wait_s(self) -> float:
        left = deadlines.remaining()
        return self.limits.wait_s if left is None else min(self.limits.wait_s, left)

    def _refusal(self, outcome: str) -> UnavailableError:
        wait_s = max(1, round(self.breaker.retry_after_s))
        return UnavailableError(dependency=self.dependency, retry_after=wait_s, outcome=outcome)

    def _turned(self, state: State) -> None:
        metrics.gauge("eva.breaker.state", self._labels, state)


async def _generator(items: AsyncIterator[R]) -> AsyncGenerator[R, None]:
    """Give what may be any iterator an `aclose`, which closes it too if it has one."""
    try:
        async for item in items:
            yield item
    finally:
        if isinstance(items, AsyncGenerator):
            await items.aclose()
