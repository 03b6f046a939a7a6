"""Watching production after a swap, and telling when the new build breaks its objectives."""

import asyncio
import time
from dataclasses import dataclass
from math import ceil

from pipelines.deploy.model import Gauge, Sample


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """How long a build is watched, in which windows, and what it must keep.

    A window with fewer than `least_requests` says nothing; a watch in which no window said anything
    is a failure: silence proves no health.
    """

    duration_s: float
    window_s: float
    every_s: float
    least_requests: int
    error_rate: float
    p95_ms: float

    def broken(self, seen: Sample) -> str:
        """Return which objective a sample breaks; nothing if it breaks none or says nothing."""
        if seen.requests < self.least_requests:
            return ""
        rate = seen.failures / seen.requests
        if rate > self.error_rate:
            return f"{rate:.1%} of {seen.requests} requests failed, {self.error_rate:.1%} may"
        if seen.p95_ms > self.p95_ms:
            return f"p95 is {seen.p95_ms:.0f} ms, {self.p95_ms:g} ms may be"
        return ""

    async def run(self, gauge: Gauge) -> tuple[str, Sample | None]:
        """Watch until the time is over (an empty text) or an objective breaks (which one)."""
        start, telling = time.monotonic(), None
        for _ in range(ceil(self.duration_s / self.every_s)):  # also where that takes longer
            await asyncio.sleep(self.every_s)
            seen = await gauge.sample(min(self.window_s, time.monotonic() - start))
            if seen.requests >= self.least_requests:
                telling = seen
            if broken := self.broken(seen):
                return broken, seen
        return ("" if telling else "too few requests came to tell"), telling
