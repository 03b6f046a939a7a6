"""How far arrivals may rise: the knee is the last rate that is still answered as the first was."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from answers import Told
from plan import Step

_SLOWER = 3.0  # times the quickest step's p95: what is beyond is queueing
_TOLERATED_MS = 250.0  # a p95 below is never too slow
_FAILING = 0.01
OVERLOAD = 1000  # the number of the step that is sent twice the knee
OVERLOAD_S = 20.0


def percentile(times: Mapping[int, int], share: float) -> float:
    """Return the response time in ms that a share of the answers stayed within; 0 of none."""
    wanted, passed = share * sum(times.values()), 0
    for ms, count in sorted(times.items()):
        passed += count
        if passed >= wanted:
            return float(ms)
    return 0.0


@dataclass(frozen=True)
class Knee:
    """The rate that still held, and the p95 there; the step that gave way, if one did."""

    rate: float
    p95_ms: float
    gave_way: int | None


def holds(told: Told, best_ms: float) -> bool:
    """Tell whether a step was answered as it should be."""
    if not told.num_requests or told.num_failures / told.num_requests > _FAILING:
        return False
    return percentile(told.response_times, 0.95) <= max(_TOLERATED_MS, _SLOWER * best_ms)


def knee(steps: Sequence[Step], seen: Mapping[int, Told]) -> Knee:
    """Return the knee: the last step before the first that gave way."""
    best, last = float("inf"), Knee(0.0, 0.0, None)
    for number, step in enumerate(steps):
        if number not in seen:
            return last
        p95 = percentile(seen[number].response_times, 0.95)
        best = min(best, p95)
        if not holds(seen[number], best):
            return Knee(last.rate, last.p95_ms, number)
        last = Knee(step.rate, p95, None)
    return last


def gives_way(steps: Sequence[Step], seen: Mapping[int, Told], number: int) -> bool:
    """Tell whether rising further is senseless; a single step never does."""
    return len(steps) > 1 and knee(steps[: number + 1], seen).gave_way is not None
