"""A load on a server, with the CPU, the memory and the errors that it took."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from api_load import Plan, run
from api_processes import MB, Server
from api_setting import busy

SAMPLES = 40


class WrongAnswerError(Exception):
    """The server answered, but not as it must: a speed got that way is worth nothing."""


@dataclass(frozen=True)
class Measured:
    """A load's outcome. CPU is the server tree's; `others` is what strangers took, in cores."""

    per_second: float
    p50_ms: float
    p95_ms: float
    p99_ms: float
    cpu_ms: float
    requests: int
    resident_mb: float
    client_ms: float
    others: float
    put: int  # with the warm-up


@dataclass(frozen=True)
class Load:
    """How hard and how long to ask."""

    connections: int = 8
    seconds: float = 5.0
    warm_s: float = 1.5


def closed_loop(
    server: Server, requests: Sequence[str], sound: Callable[[str], bool], load: Load
) -> Measured:
    """Ask after a warm-up; every status must be 200 and every sample sound."""
    asked = tuple(requests)
    warm = run(Plan(server.port, asked, load.connections, load.warm_s))
    cpu, all_cpu = server.cpu(), busy()
    plan = Plan(server.port, asked, load.connections, load.seconds)
    outcome = run(replace(plan, first=warm.count, samples=SAMPLES))
    cpu, all_cpu = server.cpu() - cpu, busy() - all_cpu
    check(server.name, outcome.statuses, outcome.samples, sound)
    return Measured(
        per_second=outcome.rate,
        p50_ms=outcome.ms(50),
        p95_ms=outcome.ms(95),
        p99_ms=outcome.ms(99),
        cpu_ms=1000 * cpu / outcome.count,
        requests=outcome.count,
        resident_mb=server.resident()[0] / MB,
        client_ms=1000 * outcome.client_cpu / outcome.count,
        others=max(0.0, all_cpu - cpu - outcome.client_cpu) / outcome.seconds,
        put=warm.count + outcome.count,
    )


def check(
    name: str, statuses: dict[str, int], samples: Sequence[str], sound: Callable[[str], bool]
) -> None:
    """Refuse a measurement in which anything went wrong."""
    if set(statuses) != {"200"}:
        raise WrongAnswerError(f"{name}: statuses {statuses}; one body: {samples[-1][:300]}")
    for sample in samples:
        if not sound(sample):
            raise WrongAnswerError(f"{name}: an answer without what was asked for: {sample[:300]}")
