"""Answers, counted: by their time, as failures, as turned away."""

import math
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

_EXACT_BELOW_MS = 1000


def rounded(ms: float) -> int:
    """Return a response time as it is kept: by the ms below a second, then by 1 %."""
    if ms < _EXACT_BELOW_MS:
        return max(1, math.ceil(ms))
    step = 10 ** (math.floor(math.log10(ms)) - 2)
    return int(math.ceil(ms / step) * step)


@dataclass
class Told:
    """The answers of one class or one name. What was shed is counted apart and has no time."""

    num_requests: int = 0
    num_failures: int = 0
    shed: int = 0
    response_times: Counter[int] = field(default_factory=Counter)

    def add(self, ms: float, *, failed: bool, shed: bool) -> None:
        """Add an answer."""
        self.num_requests += 1
        self.num_failures += failed
        self.shed += shed
        if not shed:
            self.response_times[rounded(ms)] += 1

    def shown(self, name: str) -> dict[str, Any]:
        """Return it as JSON, in the names that Locust uses."""
        times = {str(ms): count for ms, count in sorted(self.response_times.items())}
        return {
            "name": name,
            "num_requests": self.num_requests,
            "num_failures": self.num_failures,
            "shed": self.shed,
            "response_times": times,
        }
