"""Chaos Toolkit itself, with our controls: what it lets pass, they do not."""

from typing import Any

import pytest
from chaoslib.experiment import run_experiment

CONTROLS = [
    {"name": "ours", "provider": {"type": "python", "module": "chaos.controls"}},
]
FAILS = {
    "type": "action",
    "name": "free a disk that is nowhere",
    "provider": {"type": "python", "module": "chaos.actions", "func": "free_disk"},
}
WORKS = {
    "type": "action",
    "name": "translate a pattern",
    "provider": {
        "type": "python",
        "module": "fnmatch",
        "func": "translate",
        "arguments": {"pat": "*"},
    },
}


def ran(**parts: Any) -> dict[str, Any]:
    said = {
        "title": "One", "description": "A try.", "method": [], "rollbacks": [], **parts
    }  # fmt: skip
    found: dict[str, Any] = run_experiment(said, settings={}, experiment_vars=({}, {}))
    return found


@pytest.fixture(autouse=True)
def nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave actions without a place to act on."""
    monkeypatch.setenv("CHAOS_STATE", "/nowhere")


def test_a_failed_action_passes_without_our_control() -> None:
    assert ran(method=[FAILS])["status"] == "completed"


@pytest.mark.parametrize("part", ["method", "rollbacks"])
def test_a_failed_action_fails_the_experiment(part: str) -> None:
    found = ran(controls=CONTROLS, **{part: [FAILS]})
    assert found["status"] == "interrupted"


def test_what_works_completes() -> None:
    assert ran(controls=CONTROLS, method=[WORKS], rollbacks=[WORKS])["status"] == "completed"


@pytest.mark.parametrize(("allow", "status"), [("no", "interrupted"), ("yes", "completed")])
def test_azure_is_refused_unless_it_is_allowed(allow: str, status: str) -> None:
    given = {"fault_driver": "azure", "allow": allow}
    found = ran(controls=CONTROLS, method=[WORKS], configuration=given)
    assert found["status"] == status
    assert len(found["run"]) == (status == "completed")
