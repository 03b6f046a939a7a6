import subprocess
import sys
from typing import Any

import pytest
from chaoslib.exceptions import ActivityFailed

from chaos import actions, expectations
from tests.chaos.conftest import with_state
from tests.peers.fixtures import faults, faults_peer
from tests.peers.proxying import Faults

__all__ = ["faults", "faults_peer"]


def test_faults_reach_the_proxies_and_end(faults: Faults, place: dict[str, Any]) -> None:
    with_state(place, faults=faults.url)
    front = faults.front("cosmos", "http://127.0.0.1:9")
    assert front
    actions.inject("cosmos", {"type": "latency", "attributes": {"latency": 5}})
    assert list(faults.hits("cosmos")) == ["latency"]
    with pytest.raises(ActivityFailed, match="never struck"):
        expectations.expect_struck("cosmos")
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
        assert process.wait(60) < 0
    with pytest.raises(ActivityFailed, match="no process api was there"):
        actions.kill("api")
