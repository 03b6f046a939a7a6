"""What a guard adds to a call of a dependency: `python benchmarks/resilience.py`.

A port's method is called bare and behind a guard (bulkhead, breaker, budget, deadline) in turns,
so that both meet the same machine. The dependency answers at once after one turn of the event
loop, which is the least that any real one takes. The goal: less than 100 µs at the 95th percentile.
"""

import argparse
import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable

from app.adapters.resilience import Guard, behind
from app.core import deadlines

GOAL_US = 100.0
ROUNDS, CALLS = 40, 500


class Near:
    """A dependency that answers at once."""

    async def get(self) -> int:
        """Answer."""
        await asyncio.sleep(0)
        return 1


async def took(ask: Callable[[], Awaitable[int]]) -> list[float]:
    """Return how long calls took, in microseconds."""
    times = []
    for _ in range(CALLS):
        began = time.perf_counter_ns()
        await ask()
        times.append((time.perf_counter_ns() - began) / 1000)
    return times


async def measured() -> tuple[list[float], list[float]]:
    """Return the times of bare calls and of guarded ones."""
    near = Near()
    guarded = behind(near, "records", Guard("it"))
    bare, behind_guard = [], []
    with deadlines.within(60):
        for _ in range(ROUNDS):
            bare += await took(near.get)
            behind_guard += await took(guarded.get)
    return bare, behind_guard


def percentile(times: list[float], share: int) -> float:
    """Return a percentile."""
    return statistics.quantiles(times, n=100)[share - 1]


def main() -> None:
    """Print the table."""
    argparse.ArgumentParser(description=__doc__.partition("\n")[0]).parse_args()
    bare, guarded = asyncio.run(measured())
    print(f"{'µs a call':<12}{'bare':>9}{'guarded':>9}{'added':>9}{'ratio':>8}")
    for share in (50, 95, 99):
        one, other = percentile(bare, share), percentile(guarded, share)
        print(f"p{share:<11}{one:9.1f}{other:9.1f}{other - one:9.1f}{other / one:8.1f}")
    added = percentile(guarded, 95) - percentile(bare, 95)
    print(
        f"added at p95: {added:.1f} µs, {'below' if added < GOAL_US else 'NOT below'} {GOAL_US:g}"
    )


if __name__ == "__main__":
    main()
