import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from chaoslib.exceptions import ActivityFailed

from chaos import expectations
from tests.chaos.conftest import Wrote, with_state

SOON = 0.01
REFUSED = {"status": 503, "code": "unavailable", "retry_after": True}


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let everything that will be seen be there already."""
    monkeypatch.setattr(expectations, "_JUDGING_S", SOON)


def test_a_share_is_kept_if_enough_was_answered_in_time(wrote: Wrote) -> None:
    wrote(90)
    wrote(10, ms=900.0)
    found = expectations.expect_share("read", 0.9, SOON, within_ms=500)
    assert found["requests"] == 100
    with pytest.raises(ActivityFailed, match=r"at least 0\.95 was expected"):
        expectations.expect_share("read", 0.95, SOON, within_ms=500)


def test_nothing_is_shown_by_few_requests_however_good(wrote: Wrote) -> None:
    wrote(19)
    wrote(1_000, at=1.0)
    with pytest.raises(ActivityFailed, match="read: too few to judge, 19 of 20"):
        expectations.expect_share("read", 0.9, SOON)
    wrote(80)
    with pytest.raises(ActivityFailed, match="read: too few to judge, 99 of 100"):
        expectations.expect_share("read", 0.99, SOON)
    with pytest.raises(ActivityFailed, match="read: too few to judge, 0 of 20"):
        expectations.expect_refusals("read", SOON, within_ms=1000)
    with pytest.raises(ActivityFailed, match="health: too few to judge, 0 of 100"):
        expectations.expect_alive(SOON)


def test_refusals_that_say_what_to_do_are_accepted(wrote: Wrote) -> None:
    wrote(20, **REFUSED)
    wrote(5)
    assert expectations.expect_refusals("read", SOON, within_ms=1000)["clearly"] == 20


@pytest.mark.parametrize(
    "otherwise",
    [
        {"status": 500, "code": "internal-error"},
        {"status": 0},
        {**REFUSED, "retry_after": False},
        {**REFUSED, "code": ""},
    ],
)
def test_one_refusal_that_is_not_clear_is_one_too_many(
    wrote: Wrote, otherwise: dict[str, Any]
) -> None:
    wrote(99, **REFUSED)
    wrote(1, **otherwise)
    with pytest.raises(ActivityFailed, match="'refused': 100, 'clearly': 99"):
        expectations.expect_refusals("read", SOON, within_ms=1000)


def test_refusals_that_come_late_are_not_accepted(wrote: Wrote) -> None:
    wrote(20, **REFUSED, ms=5000.0)
    with pytest.raises(ActivityFailed, match="'soon': 0"):
        expectations.expect_refusals("read", SOON, within_ms=1000)


def test_answers_for_a_model_to_write_have_to_say_that_they_are_degraded(wrote: Wrote) -> None:
    wrote(50, kind="ask", degraded=True)
    with pytest.raises(ActivityFailed, match="ask: too few to judge, 0 of 20"):
        expectations.expect_degraded(SOON)
    wrote(20, kind="ask", composed=True, degraded=True)
    found = {"composed": 20, "degraded": 20, "share": 1.0}
    assert expectations.expect_degraded(SOON) == found
    wrote(1, kind="ask", composed=True)
    with pytest.raises(ActivityFailed, match="'composed': 21, 'degraded': 20"):
        expectations.expect_degraded(SOON)


def test_answers_have_to_come_even_without_a_model(wrote: Wrote) -> None:
    wrote(20, kind="ask", composed=True, degraded=True)
    wrote(5, kind="ask", **REFUSED)
    with pytest.raises(ActivityFailed, match=r"'share': 0\.8"):
        expectations.expect_degraded(SOON)


def test_liveness_that_is_late_fails(wrote: Wrote) -> None:
    wrote(100, kind="health")
    assert expectations.expect_alive(SOON)["share"] == 1
    wrote(6, kind="health", ms=80.0)
    with pytest.raises(ActivityFailed, match="within 50"):
        expectations.expect_alive(SOON)


def test_what_was_sent_before_the_fault_proves_nothing(wrote: Wrote) -> None:
    wrote(100, kind="health", ms=2 * 3600 * 1000)
    with pytest.raises(ActivityFailed, match="health: too few to judge, 0 of 100"):
        expectations.expect_alive(SOON)


def test_lateness_is_forgiven_as_far_as_the_slack_goes(
    wrote: Wrote, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrote(100, kind="health", ms=140.0)
    with pytest.raises(ActivityFailed, match="within 50"):
        expectations.expect_alive(SOON)
    monkeypatch.setenv("CHAOS_SLACK", "3")
    assert expectations.expect_alive(SOON)["p95_ms"] == 140


def test_what_is_wrong_with_the_writes_fails_the_experiment(place: dict[str, Any]) -> None:
    with subprocess.Popen(["sleep", "60"]) as clients:
        with_state(place, traffic=clients.pid)
        told: dict[str, Any] = {"acknowledged": "1", "looked at": {}, "wrong": []}
        Path(place["found"]).write_text(json.dumps(told), encoding="utf-8")
        assert expectations.find_every_write() == told
        told["wrong"] = ["documents lost: ['doc_1']"]
        Path(place["found"]).write_text(json.dumps(told), encoding="utf-8")
        with pytest.raises(ActivityFailed, match="documents lost"):
            expectations.find_every_write()
