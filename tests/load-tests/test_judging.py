import json
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

Script = Callable[[str], ModuleType]
THRESHOLDS = Path("dashboards") / "thresholds.json"


@pytest.fixture
def judging(script: Script) -> ModuleType:
    return script("judging")


@pytest.fixture
def peak(script: Script) -> Any:
    return script("plan").profile("peak", backend="embedded", path=THRESHOLDS)


def told(script: Script, count: int, ms: int = 20, *, failed: int = 0, shed: int = 0) -> Any:
    made = script("answers").Told(count, failed, shed)
    made.response_times[ms] = count - shed
    return made


@pytest.fixture
def good(script: Script, judging: ModuleType) -> Any:
    """A run that nothing is wrong with."""

    def made(**changes: Any) -> Any:
        classes = {name: told(script, 900) for name in ("read", "write", "upload", "ask", "stream")}
        classes["health"] = told(script, 90)
        whole: dict[str, Any] = {
            "classes": classes,
            "names": {},
            "steps": {},
            "unexpected": {},
            "lateness": {3: 100},
            "generator_cpu": [(1.0, 0.3), (2.0, 0.4)],
            "users": 500,
            "per_second": [20, 90, 100, 110],
            "server": [
                {"second": float(n), "resident_mb": 200.0, "files": 40, "tasks": 20}
                for n in range(60)
            ],
        }
        whole |= changes
        whole["classes"] = {**classes, **changes.get("classes", {})}
        return judging.Seen(**whole)

    return made


def test_a_good_run_passes(judging: ModuleType, peak: Any, good: Any) -> None:
    assert judging.verdict(peak, good()) == judging.Verdict("passed", ())


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"unexpected": {"read getSpace: 404": 40}}, "such as read getSpace: 404"),
        ({"generator_cpu": [(1.0, 0.97), (2.0, 0.98)]}, "the generator itself was busy 98%"),
        ({"lateness": {400: 100}}, "the generator itself woke 400 ms late"),
        ({"users": 120}, "120 users, 500 asked for"),
    ],
)
def test_a_run_that_measured_something_else_is_refused(
    judging: ModuleType, peak: Any, good: Any, changes: Mapping[str, Any], said: str
) -> None:
    judged = judging.verdict(peak, good(**changes))
    assert judged.outcome == "refused"
    assert [said in reason for reason in judged.reasons] == [True], judged.reasons


def test_a_run_of_mostly_health_calls_is_refused(
    judging: ModuleType, peak: Any, good: Any, script: Script
) -> None:
    judged = judging.verdict(peak, good(classes={"health": told(script, 9000)}))
    assert judged.outcome == "refused"
    assert "were health calls" in judged.reasons[0]


def test_a_run_with_too_few_of_a_class_is_refused(
    judging: ModuleType, peak: Any, good: Any, script: Script
) -> None:
    judged = judging.verdict(peak, good(classes={"upload": told(script, 3)}))
    assert judged.outcome == "refused"
    assert judged.reasons == ("upload: 3 requests, 100 needed",)


def test_a_run_without_an_answer_is_refused(judging: ModuleType, peak: Any, good: Any) -> None:
    judged = judging.verdict(peak, judging.Seen({}, {}, {}, {}, {}, [], 500, [], []))
    assert judged == judging.Verdict("refused", ("nothing was answered",))
    assert good().requests == 4590


def test_an_objective_that_is_not_kept_fails_the_run(
    judging: ModuleType, peak: Any, good: Any, script: Script
) -> None:
    slow = judging.verdict(peak, good(classes={"read": told(script, 900, 101)}))
    assert slow == judging.Verdict("failed", ("read: p95 101 ms, 100 ms allowed",))
    broken = judging.verdict(peak, good(classes={"ask": told(script, 900, failed=1)}))
    assert broken.outcome == "failed"
    assert broken.reasons == ("ask: 1 failed (0.111%), 0.000% allowed",)


def test_a_peak_that_is_answered_too_slowly_to_be_one_fails(
    judging: ModuleType, peak: Any, good: Any
) -> None:
    judged = judging.verdict(peak, good(per_second=[90, 70, 60]))
    assert judged.reasons == ("70 requests a second, 80 to be carried",)


def test_refusals_and_failures_do_not_count_as_carried(judging: ModuleType) -> None:
    one = {"num_requests": 90, "num_failures": 30, "shed": 20, "response_times": {}}
    run: dict[str, Any] = {"stats": [], "names": [], "steps": [], "unexpected": {}, "lateness": {}}
    run |= {"generator_cpu": [], "users": [], "seconds": {"0": {"ask": one, "read": one}}}
    assert judging.seen(run, []).rate == 120


def test_memory_files_and_tasks_that_grow_fail_a_soak(
    judging: ModuleType, good: Any, script: Script
) -> None:
    soak = script("plan").profile("soak", backend="embedded", path=THRESHOLDS)
    growing = [
        {"second": float(n), "resident_mb": 200 + n / 20, "files": 40 + n, "tasks": 2 * n}
        for n in range(100)
    ]
    judged = judging.verdict(soak, good(server=growing))
    assert judged.outcome == "failed"
    assert judged.reasons == (
        "memory grew by 3.00 MB a minute, 1 allowed",
        "open files grew from 65 to 115",
        "tasks grew from 50 to 150",
    )
    quiet = [{"second": n, "resident_mb": 200.0, "files": 40} for n in range(60)]
    silent = judging.verdict(soak, good(server=quiet))
    assert silent.reasons == ("growth: the server's tasks could not be seen from here",)
    unseen = judging.verdict(soak, good(server=[]))
    assert unseen.reasons == ("growth: the server's memory could not be seen from here",)


@given(
    slope=st.floats(min_value=-50, max_value=50),
    level=st.floats(min_value=0, max_value=1000),
    count=st.integers(min_value=8, max_value=200),
)
def test_the_slope_of_a_line_is_its_slope(
    script: Script, slope: float, level: float, count: int
) -> None:
    line = [(float(n), level + slope * n / 60) for n in range(count)]
    assert script("watching").slope(line) == pytest.approx(slope, abs=1e-5)


def test_the_knee_is_the_last_rate_that_held(script: Script) -> None:
    plan, stepping = script("plan"), script("stepping")
    steps = [plan.Step(rate, 10.0) for rate in (20, 40, 80, 160)]
    seen = {n: told(script, 500, ms) for n, ms in enumerate((20, 25, 60, 4000))}
    assert stepping.knee(steps, seen) == stepping.Knee(80, 60, 3)
    seen[1] = told(script, 500, 25, failed=50)
    assert stepping.knee(steps, seen) == stepping.Knee(20, 20, 1)
    assert stepping.gives_way(steps, seen, 1)
    assert not stepping.gives_way(steps[:1], {0: told(script, 9, 9000)}, 0), "one rate is a test"


def test_overload_is_met_when_what_is_accepted_stays_quick(
    judging: ModuleType, script: Script
) -> None:
    stepping = script("stepping")
    knee = stepping.Knee(80.0, 60.0, 3)
    quick = {stepping.OVERLOAD: told(script, 2000, 110, failed=900, shed=900)}
    assert list(judging.overload(quick, knee)) == []
    slow = {stepping.OVERLOAD: told(script, 2000, 130, failed=900, shed=700)}
    assert list(judging.overload(slow, knee)) == [
        "overload: 200 of 2000 failed otherwise than by 503",
        "overload: p95 of what was accepted 130 ms, 60 at the knee",
    ]
    assert "beyond what was tried" in next(judging.overload({}, stepping.Knee(80, 60, None)))


@given(times=st.dictionaries(st.integers(1, 5000), st.integers(1, 50), min_size=1))
def test_a_percentile_is_a_time_that_such_a_share_stayed_within(
    script: Script, times: dict[int, int]
) -> None:
    p95 = script("stepping").percentile(Counter(times), 0.95)
    within = sum(n for ms, n in times.items() if ms <= p95)
    below = sum(n for ms, n in times.items() if ms < p95)
    total = sum(times.values())
    assert below < 0.95 * total <= within


@given(ms=st.floats(min_value=0, max_value=1e6))
def test_a_response_time_is_kept_to_one_per_cent_and_never_shortened(
    script: Script, ms: float
) -> None:
    kept = script("answers").rounded(ms)
    assert kept >= ms
    assert kept <= max(ms + 1, ms * 1.011)


def test_an_unknown_profile_is_refused_by_name(script: Script) -> None:
    plan = script("plan")
    with pytest.raises(plan.UnknownProfileError, match="there are smoke, average, peak"):
        plan.profile("loud", backend="embedded", path=THRESHOLDS)


def test_every_profile_of_the_objectives_can_be_run(script: Script) -> None:
    plan = script("plan")
    names = json.loads(THRESHOLDS.read_text())["profiles"]
    made = [plan.profile(name, backend="azure", path=THRESHOLDS) for name in names]
    assert {one.name for one in made} >= {"smoke", "average", "peak", "spike", "soak"}
    assert all(one.limits for one in made)
