import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from chaoslib.exceptions import ActivityFailed

from chaos import actions
from tests.chaos.conftest import Wrote
from tests.peers.fixtures import faults, faults_peer
from tests.peers.proxying import Faults

__all__ = ["faults", "faults_peer"]
SOON = 0.01
REFUSED = {"status": 503, "code": "unavailable", "retry_after": True}


def with_state(place: dict[str, Any], **changes: Any) -> None:
    path = Path(os.environ["CHAOS_STATE"])
    path.write_text(json.dumps({**place, **changes}), encoding="utf-8")


def test_a_share_is_kept_if_enough_was_answered_in_time(wrote: Wrote) -> None:
    wrote(9)
    wrote(1, ms=900.0)
    found = actions.expect_share("read", 0.9, SOON, within_ms=500)
    assert found["requests"] == 10
    with pytest.raises(ActivityFailed, match=r"at least 0\.95 was expected"):
        actions.expect_share("read", 0.95, SOON, within_ms=500)


def test_nothing_is_shown_by_no_requests(wrote: Wrote) -> None:
    wrote(3, at=1.0)
    with pytest.raises(ActivityFailed, match="'requests': 0"):
        actions.expect_share("read", 0.5, SOON)
    with pytest.raises(ActivityFailed, match="'refused': 0"):
        actions.expect_refusals("read", SOON, within_ms=1000)
    with pytest.raises(ActivityFailed, match="liveness"):
        actions.expect_alive(SOON)


def test_refusals_that_say_what_to_do_are_accepted(wrote: Wrote) -> None:
    wrote(5, **REFUSED)
    wrote(5)
    assert actions.expect_refusals("read", SOON, within_ms=1000)["clearly"] == 5


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
        actions.expect_refusals("read", SOON, within_ms=1000)


def test_refusals_that_come_late_are_not_accepted(wrote: Wrote) -> None:
    wrote(5, **REFUSED, ms=5000.0)
    with pytest.raises(ActivityFailed, match="'soon': 0"):
        actions.expect_refusals("read", SOON, within_ms=1000)


def test_answers_have_to_say_that_they_are_degraded(wrote: Wrote) -> None:
    wrote(5, kind="ask")
    with pytest.raises(ActivityFailed, match="'degraded': 0"):
        actions.expect_degraded(SOON)
    wrote(5, kind="ask", degraded=True)
    assert actions.expect_degraded(SOON) == {"answered": 10, "degraded": 5, "share": 1.0}


def test_liveness_that_is_late_fails(wrote: Wrote) -> None:
    wrote(9, kind="health")
    assert actions.expect_alive(SOON)["share"] == 1
    wrote(1, kind="health", ms=80.0)
    with pytest.raises(ActivityFailed, match="within 50"):
        actions.expect_alive(SOON)


def test_faults_reach_the_proxies_and_end(faults: Faults, place: dict[str, Any]) -> None:
    with_state(place, faults=faults.url)
    front = faults.front("cosmos", "http://127.0.0.1:9")
    assert front
    actions.inject("cosmos", {"type": "latency", "attributes": {"latency": 5}})
    assert list(faults.hits("cosmos")) == ["latency"]
    with pytest.raises(ActivityFailed, match="never struck"):
        actions.expect_struck("cosmos")
    actions.cut_off("cosmos")
    actions.clear()
    assert faults.hits("cosmos") == {}


def test_a_fault_that_is_not_set_is_a_failure(faults: Faults, place: dict[str, Any]) -> None:
    with_state(place, faults=faults.url)
    with pytest.raises(ActivityFailed, match="the fault was not set: 404"):
        actions.inject("nobody", {"type": "latency", "attributes": {"latency": 5}})


def test_a_process_is_killed_with_all_that_it_started(place: dict[str, Any]) -> None:
    sleeping = [sys.executable, "-c", "import time; time.sleep(60)"]
    with subprocess.Popen(sleeping, start_new_session=True) as process:
        with_state(place, processes={"api": process.pid})
        assert actions.kill("api") == [process.pid]
        assert process.wait(10) < 0
    with pytest.raises(ActivityFailed, match="no process api was there"):
        actions.kill("api")


def test_what_is_wrong_with_the_writes_fails_the_experiment(place: dict[str, Any]) -> None:
    with subprocess.Popen(["sleep", "60"]) as clients:
        with_state(place, traffic=clients.pid)
        told: dict[str, Any] = {"acknowledged": "1", "looked at": {}, "wrong": []}
        Path(place["found"]).write_text(json.dumps(told), encoding="utf-8")
        assert actions.find_every_write() == told
        told["wrong"] = ["documents lost: ['doc_1']"]
        Path(place["found"]).write_text(json.dumps(told), encoding="utf-8")
        with pytest.raises(ActivityFailed, match="documents lost"):
            actions.find_every_write()
