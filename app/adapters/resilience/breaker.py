"""A circuit breaker: what fails is left alone for a while, then tried by one call at a time.

After M. Nygard, *Release It!*, and Microsoft's Circuit Breaker pattern (learn.microsoft.com).
"""

import math
import random
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum


class State(IntEnum):
    """What the breaker does; the numbers are those of the metric `eva.breaker.state`."""

    CLOSED = 0
    HALF_OPEN = 1
    OPEN = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """When it opens: `share` of at least `calls` calls failed in the last `window_s` seconds.

    Or so many in a row and none went well for `silence_s`: what does not answer fails slowly, and
    what went well before would outvote it for as long as the window.

    It stays open `pause_s`, twice as long after each trial that fails, `longest_s` at most, and
    closes after `trials` calls in a row that succeed. A trial that has not ended after `trial_s`
    goes on, but keeps no other call from being the next one: some calls move much and take minutes.
    """

    window_s: float = 10.0
    calls: int = 10
    share: float = 0.5
    silence_s: float = 2.0
    pause_s: float = 1.0
    longest_s: float = 5.0
    trials: int = 2
    trial_s: float = 5.0


class Breaker:
    """Whether a dependency may be asked. `told` hears of each change of state."""

    def __init__(
        self,
        rules: Rules | None = None,
        *,
        told: Callable[[State], None] = lambda _: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.state = State.CLOSED
        self._rules = rules or Rules()
        self._told = told
        self._clock = clock
        self._ended: deque[tuple[float, bool]] = deque()  # when calls ended, whether well
        self._failures = 0  # among these
        self._in_a_row = 0  # failures
        self._well_at = clock()
        self._pause_s = self._rules.pause_s
        self._until = 0.0
        self._next_trial = -math.inf  # when another may begin
        self._succeeded = 0  # trials in a row
        self._era = 0  # how many changes of state there were

    def admits(self) -> int | None:
        """Return a ticket for a call, to be given to `succeeded`, `failed` or `left`; else None.

        A ticket of before the last change of state proves nothing of what is now.
        """
        if self.state is State.CLOSED:
            return self._era
        if self.state is State.OPEN and self._clock() >= self._until:
            self._turn(State.HALF_OPEN)
        if self.state is State.HALF_OPEN and self._clock() >= self._next_trial:
            self._next_trial = self._clock() + self._rules.trial_s
            return self._era
        return None

    @property
    def retry_after_s(self) -> float:
        """Return the seconds until it may be worth asking again."""
        return max(0.0, self._until - self._clock()) if self.state is State.OPEN else 0.0

    def succeeded(self, ticket: int) -> None:
        """Note a call that did what it should."""
        if ticket != self._era:
            return
        if self.state is State.HALF_OPEN:
            self._next_trial = -math.inf
            self._succeeded += 1
            if self._succeeded >= self._rules.trials:
                self._pause_s = self._rules.pause_s
                self._turn(State.CLOSED)
        elif self.state is State.CLOSED:
            self._note(well=True)

    def failed(self, ticket: int) -> None:
        """Note a call that failed through the dependency's fault."""
        if ticket != self._era:
            return
        if self.state is State.HALF_OPEN:
            self._pause_s = min(self._pause_s * 2, self._rules.longest_s)
            self._open()
        elif self.state is State.CLOSED:
            self._note(well=False)
            if self._many() or self._silent():
                self._open()

    def left(self, ticket: int) -> None:
        """Note a call that was given up by its caller, and proves nothing."""
        if ticket == self._era:
            self._next_trial = -math.inf

    def _many(self) -> bool:
        enough = len(self._ended) >= self._rules.calls
        return enough and self._failures >= self._rules.share * len(self._ended)

    def _silent(self) -> bool:
        silence_s = self._clock() - self._well_at
        return self._in_a_row >= self._rules.calls and silence_s >= self._rules.silence_s

    def _note(self, *, well: bool) -> None:
        now = self._clock()
        if well:
            self._in_a_row, self._well_at = 0, now
        else:
            recent = bool(self._ended) and self._ended[-1][0] >= now - self._rules.window_s
            self._in_a_row = self._in_a_row + 1 if recent else 1
        self._ended.append((now, well))
        self._failures += not well
        while self._ended[0][0] < now - self._rules.window_s:
            self._failures -= not self._ended.popleft()[1]

    def _open(self) -> None:
        # Not to the second the same in every process: they would all come back at once.
        self._until = self._clock() + self._pause_s * random.uniform(0.8, 1.2)  # noqa: S311  # nosec B311
        self._turn(State.OPEN)

    def _turn(self, state: State) -> None:
        self.state = state
        self._era += 1
        self._next_trial = -math.inf
        self._succeeded = 0
        self._ended.clear()
        self._failures = self._in_a_row = 0
        self._well_at = self._clock()
        self._told(state)
