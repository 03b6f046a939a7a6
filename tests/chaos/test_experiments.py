"""Every experiment is one that Chaos Toolkit takes, and that the house's own rules hold for."""

from pathlib import Path
from typing import Any

import pytest
from chaoslib.experiment import ensure_experiment_is_valid
from chaoslib.loader import load_experiment

from chaos import actions, expectations, footprint
from chaos.outcomes import EXPERIMENTS, every_experiment, experiment, ours
from chaos.run import table

ROOT = EXPERIMENTS.parents[1]
PATHS = list(every_experiment().values())
ENDS = {"inject": "clear", "cut_off": "clear", "fill_disk": "free_disk"}


def done(said: dict[str, Any], part: str) -> list[str]:
    return [one["provider"]["func"] for one in said[part]]


def found(activity: dict[str, Any]) -> Any:
    provider = activity["provider"]
    modules = {one.__name__: one for one in (actions, expectations, footprint)}
    return getattr(modules[provider["module"]], provider["func"])


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_an_experiment_is_valid_and_whole(path: Path) -> None:
    ensure_experiment_is_valid(load_experiment(str(path)))
    said = experiment(path)
    assert (ROOT / ours(said)["runbook"]).is_file()
    assert ours(said)["backend"] in ("azure", "embedded")
    method, rollbacks = done(said, "method"), done(said, "rollbacks")
    for began, ended in ENDS.items():
        if began in method:
            assert method.index(ended) > method.index(began)
            assert ended in rollbacks
    assert "recover" in method
    assert method[-1] == "find_every_write"
    assert "inject" not in method or "expect_struck" in method, "else nothing may have been tried"
    assert {one["type"] for one in said["method"]} == {"action"}, "probes there judge nothing"
    assert all(callable(found(one)) for one in said["method"] + said["rollbacks"])
    assert [one["provider"]["module"] for one in said["controls"]] == ["chaos.controls"]


def test_there_is_one_for_each_thing_that_may_fail() -> None:
    names = {path.stem for path in PATHS}
    assert names >= {
        *("cosmos-killed", "cosmos-throttled", "cosmos-black-hole", "blobs-slow", "blobs-cut"),
        *("model-throttled", "model-slow", "model-malformed", "redis-lost", "queue-poisoned"),
        *("worker-killed-azure", "worker-killed-embedded", "api-killed-azure"),
        *("api-killed-embedded", "jwks-lost", "disk-full"),
    }


def test_no_question_is_asked_twice() -> None:
    questions = [ours(experiment(path))["question"] for path in PATHS]
    assert len(set(questions)) == len(questions)


def test_what_has_to_fail_without_breakers_is_an_activity() -> None:
    controls = [one for one in map(experiment, PATHS) if "without_breaker" in ours(one)]
    assert controls
    for one in controls:
        assert ours(one)["without_breaker"] in {act["name"] for act in one["method"]}


def test_the_readme_has_the_table_of_the_experiments() -> None:
    assert table(PATHS) in (EXPERIMENTS.parent / "README.md").read_text(encoding="utf-8")
