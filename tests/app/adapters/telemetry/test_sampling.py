import contextlib
import random

import pytest

from app.adapters.telemetry import ports, recorder
from app.adapters.telemetry.recorder import Traces
from app.adapters.telemetry.sampling import Sampler
from app.core import tracing
from app.core.errors import UnavailableError
from app.core.tracing import Kind, Span
from tests.clock import Clock

GIVEN = f"00-{'ab' * 16}-{'cd' * 8}-"


def kept(sampler: Sampler, clock: Clock, *, per_second: int, seconds: int) -> list[float]:
    weights = []
    for _ in range(seconds):
        for _ in range(per_second):
            weights.append(sampler.weight())
            clock.now += 1 / per_second
    return [weight for weight in weights if weight is not None]


def test_of_a_rush_out_of_silence_not_all_are_kept_but_they_stand_for_all() -> None:
    chance, counts, totals = random.Random(3), [], []  # noqa: S311 - no secret
    for _ in range(200):
        sampler = Sampler(5, Clock(0.0), chance.random)
        weights = [weight for _ in range(400) if (weight := sampler.weight()) is not None]
        counts.append(len(weights))
        totals.append(sum(weights))
    assert max(counts) < 60
    assert 0.9 < sum(totals) / len(totals) / 400 < 1.1


def test_few_traces_are_all_kept_and_stand_for_themselves() -> None:
    clock = Clock(0.0)
    assert kept(Sampler(5, clock), clock, per_second=4, seconds=10) == [1.0] * 40


def test_of_many_traces_few_are_kept_and_stand_for_all() -> None:
    clock, chance = Clock(0.0), random.Random(7)  # noqa: S311 - no secret
    sampler = Sampler(5, clock, chance.random)
    kept(sampler, clock, per_second=400, seconds=1)  # the rate has to be seen first
    weights = kept(sampler, clock, per_second=400, seconds=60)
    assert 200 < len(weights) < 400
    assert 0.8 < sum(weights) / (400 * 60) < 1.2


def test_nothing_is_kept_when_nothing_is_wanted() -> None:
    clock = Clock(0.0)
    assert kept(Sampler(0, clock), clock, per_second=50, seconds=3) == []


@pytest.fixture
def never_slow(monkeypatch: pytest.MonkeyPatch) -> None:
    """What drags is kept for that: a machine that stands still is not to be taken for it."""
    for module in (recorder, tracing):
        monkeypatch.setattr(module, "SLOW_S", 3600.0)


def traces(per_second: float) -> Traces:
    return Traces(Sampler(per_second))


def recorded(held: Traces, *, failing: bool) -> None:
    with tracing.part(held, ("GET /", Kind.SERVER), None, trusted=False) as span:
        with tracing.span("below"):
            pass
        span.failed = failing


@pytest.mark.usefixtures("never_slow")
def test_a_failed_trace_is_kept_although_it_was_not_drawn() -> None:
    held = traces(0)
    recorded(held, failing=False)
    assert held.taken() == []
    recorded(held, failing=True)
    assert [(one.span.name, one.weight) for one in held.taken()] == [("GET /", 1)]


def test_a_slow_trace_is_kept_although_it_was_not_drawn() -> None:
    held = traces(0)
    trace = held.continued(None, trusted=False)
    root = Span("GET /", Kind.SERVER, trace, None)
    tracing.end(root)
    root.began_ns -= 3_000_000_000
    held.over(trace, root)
    assert len(held.taken()) == 1


def test_unusual_traces_are_kept_only_as_far_as_there_is_room() -> None:
    held = Traces(Sampler(0, Clock(0.0)))
    for _ in range(100):
        recorded(held, failing=True)
    assert len(held.taken()) == 20


def test_a_caller_does_not_decide_what_is_kept_but_a_job_does() -> None:
    held = traces(0)
    for flag, trusted, weight in (("01", False, None), ("01", True, 1.0), ("00", True, None)):
        trace = held.continued(GIVEN + flag, trusted=trusted)
        assert (trace.id, trace.remote) == (int("ab" * 16, 16), int("cd" * 8, 16))
        assert trace.weight == weight


@pytest.mark.usefixtures("never_slow")
async def test_of_a_trace_that_was_not_drawn_only_calls_that_fail_are_told() -> None:
    held = traces(0)

    async def call(error: Exception | None) -> None:
        if error is not None:
            raise error

    watched = ports._call(call, "files", "index.search")
    with tracing.part(held, ("GET /", Kind.SERVER), None, trusted=False) as root:
        await watched(None)
        with contextlib.suppress(UnavailableError):
            await watched(UnavailableError(outcome="timeout"))
        root.failed = True
    failed, first = [one.span for one in held.taken()]
    assert (failed.name, failed.parent, failed.failed) == ("files index.search", root.id, True)
    assert failed.attributes["eva.outcome"] == "timeout"
    assert first is root
