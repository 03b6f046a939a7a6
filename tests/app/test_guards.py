"""On Azure every dependency is behind a guard whose bounds come from the settings."""

from dataclasses import fields

import pytest

from app.core.ports import Ports
from app.settings import Settings
from app.wiring.guards import guards

HERE = {"extractor", "analyzer", "meter", "uses"}  # in this process, or written behind a port above
OWN_BOUNDS = {"tokens"}  # keys are fetched aside, each within a time of its own


def test_every_port_on_azure_is_guarded_or_works_in_this_process() -> None:
    assert {one.name for one in fields(Ports)} == {
        *guards(Settings()).by_port(),
        *HERE,
        *OWN_BOUNDS,
    }


@pytest.mark.parametrize(("env", "most_s"), [({}, 6.0), ({"EVA_AZURE_TIMEOUT": "2"}, 3.0)])
def test_a_call_of_a_dependency_takes_no_longer_than_the_setting_and_a_margin(
    env: dict[str, str], most_s: float
) -> None:
    for guard in set(guards(Settings.load(env)).by_port().values()):
        assert 0 < guard.limits.timeout_s <= most_s
        assert guard.limits.calls <= 64
        assert guard.limits.waiting <= 256
