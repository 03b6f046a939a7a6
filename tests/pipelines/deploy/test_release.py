"""What becomes of a build at each step that can go wrong."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.deploy import smoke
from pipelines.deploy.model import Build, Gauge, Host, Outcome, Sample
from pipelines.deploy.release import Release
from pipelines.deploy.watching import Watch
from tests.pipelines.deploy.staged import Readings, pair, service

NEW = Build("registry/eva@sha256:0", "new")
GOOD = Sample(requests=500, failures=0, p95_ms=80)
ERRING = Sample(requests=500, failures=25, p95_ms=80)
SLOW = Sample(requests=500, failures=0, p95_ms=4000)
QUIET = Sample(requests=3, failures=3, p95_ms=9000)
WATCH = Watch(
    duration_s=0.1, window_s=1, every_s=0.02, least_requests=50, error_rate=0.01, p95_ms=2000
)


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no small server be too late for a request."""
    monkeypatch.setattr(smoke, "_PATIENCE_S", 60.0)


def release(host: Host, gauge: Gauge, told: list[str] | None = None) -> Release:
    heard = [] if told is None else told
    return Release(host=host, gauge=gauge, watch=WATCH, smoke_s=0.5, told=heard.append)


async def test_a_build_that_keeps_its_objectives_stays_in_production() -> None:
    heard: list[str] = []
    async with pair(service("old"), service("new"), "done") as host:
        report = await release(host, Readings(GOOD), heard).promote(NEW)
    assert report.outcome is Outcome.RELEASED
    assert [step.name for step in report.steps] == ["smoke", "swap", "watch"]
    assert len(heard) == 3, "every step is told as it ends"


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (ERRING, "5.0% of 500 requests failed, 1.0% may"),
        (SLOW, "p95 is 4000 ms, 2000 ms may be"),
        (QUIET, "too few requests came to tell"),
    ],
)
async def test_a_build_that_breaks_an_objective_or_shows_nothing_is_swapped_back(
    bad: Sample, reason: str
) -> None:
    async with pair(service("old"), service("new"), "done", "done") as host:
        old = host.production_url
        report = await release(host, Readings(bad)).promote(NEW)
        assert host.production_url == old
    assert (report.outcome, report.reason) == (Outcome.SWAPPED_BACK, reason)
    assert report.recovery_s is not None
    assert [step.name for step in report.steps] == ["smoke", "swap", "watch", "swap back"]


async def test_a_build_that_turns_bad_late_in_the_watch_is_swapped_back() -> None:
    async with pair(service("old"), service("new"), "done", "done") as host:
        report = await release(host, Readings(GOOD, GOOD, ERRING)).promote(NEW)
    assert report.outcome is Outcome.SWAPPED_BACK


@pytest.mark.parametrize(
    ("staging", "reason"),
    [
        (service("older"), "it serves 0.1.0+older, not new"),
        (service("new", ready=503), "it is not ready: 503"),
        (service("new", strangers=200), "it answers strangers with 200"),
    ],
)
async def test_what_fails_the_smoke_test_never_reaches_production(
    staging: object, reason: str
) -> None:
    async with pair(service("old"), staging) as host:  # type: ignore[arg-type]
        for work in (release(host, Readings(GOOD)).stage, release(host, Readings(GOOD)).promote):
            report = await work(NEW)
            assert report.outcome is Outcome.REFUSED
            assert reason in report.reason


async def test_a_swap_that_failed_halfway_is_told_from_one_that_was_not_done() -> None:
    async with pair(service("old"), service("new"), "interrupted") as host:
        done = await release(host, Readings(GOOD)).promote(NEW)
    assert done.outcome is Outcome.RELEASED
    assert "swap was done" in [step.name for step in done.steps]
    async with pair(service("old"), service("new"), "refused") as host:
        left = await release(host, Readings(GOOD)).promote(NEW)
    assert (left.outcome, left.reason) == (Outcome.REFUSED, "the swap was refused")


async def test_a_way_back_that_fails_is_said_to_need_people() -> None:
    async with pair(service("old"), service("new"), "done", "refused") as host:
        report = await release(host, Readings(ERRING)).promote(NEW)
    assert report.outcome is Outcome.STRANDED
    assert report.recovery_s is None


@given(st.integers(0, 10_000), st.integers(0, 10_000), st.floats(0, 60_000))
def test_more_failures_or_later_answers_never_mend_a_broken_objective(
    requests: int, failures: int, late: float
) -> None:
    seen = Sample(requests=requests, failures=min(failures, requests), p95_ms=late)
    worse = Sample(requests=requests, failures=requests, p95_ms=late + 1)
    if WATCH.broken(seen):
        assert WATCH.broken(worse)
    if requests < WATCH.least_requests:
        assert WATCH.broken(seen) == "", "too few to tell"


async def test_a_build_goes_there_and_back_and_waits_in_the_slot_again() -> None:
    async with pair(service("old"), service("new"), "done", "done") as host:
        report = await release(host, Readings(GOOD)).there_and_back(NEW)
        assert report.outcome is Outcome.RELEASED
    names = [step.name for step in report.steps]
    assert names == ["deploy", "smoke", "swap", "serve", "roll back", "wait again"]
    assert all(step.ok for step in report.steps)


async def test_a_swap_that_fails_refuses_a_build_there_and_strands_it_on_the_way_back() -> None:
    async with pair(service("old"), service("new"), "lost", "done") as host:
        report = await release(host, Readings(GOOD)).there_and_back(NEW)
    assert report.outcome is Outcome.REFUSED
    assert report.steps[-1].name == "swap"
    async with pair(service("old"), service("new"), "done", "refused") as host:
        report = await release(host, Readings(GOOD)).there_and_back(NEW)
    assert (report.outcome, report.reason) == (Outcome.STRANDED, "the swap was refused")
