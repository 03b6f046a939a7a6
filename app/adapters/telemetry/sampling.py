"""Which traces are kept: a few of all, and of those that fail or drag as many as there is room for.

A kept trace says how many it stands for, so that counts made from traces come out right.
"""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field

_UNUSUAL = 20.0  # failed or slow traces kept in a second


@dataclass(slots=True)
class Sampler:
    """Keeps about `per_second` traces, fairly: by chance, at the rate that the last second had."""

    per_second: float
    clock: Callable[[], float] = time.monotonic
    chance: Callable[[], float] = random.random
    _second: int = field(default=-1, init=False)
    _seen: int = field(default=0, init=False)
    _odds: float = field(default=1.0, init=False)
    _unusual: float = field(default=_UNUSUAL, init=False)

    def weight(self) -> float | None:
        """Return how many traces a new one stands for; None: it isn't among the kept."""
        self._tick()
        self._seen += 1
        odds = min(self._odds, self.per_second / self._seen)  # a rush out of silence
        return 1 / odds if odds and self.chance() < odds else None

    def room(self) -> bool:
        """Tell whether a trace that is unusual may be kept for that alone."""
        self._tick()
        if self._unusual < 1:
            return False
        self._unusual -= 1
        return True

    def _tick(self) -> None:
        second = int(self.clock())
        if second == self._second:
            return
        rate = self._seen if second == self._second + 1 else 0
        self._odds = min(1.0, self.per_second / rate) if rate else min(1.0, self.per_second)
        self._second, self._seen, self._unusual = second, 0, _UNUSUAL
