"""What is generated is what is committed; what is malformed stops it, by file and line."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from dashboards import generate
from dashboards.burning import RATES
from dashboards.generate import outputs
from dashboards.located import DefinitionError
from pipelines.readiness.objectives import read_objectives
from tests.dashboards.small_project import ROOT, Project, copied

OBJECTIVES, CAUSES = "dashboards/objectives.yaml", "dashboards/causes.yaml"
SIGNALS = "dashboards/signals.yaml"


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return copied(tmp_path)


def test_what_is_committed_is_what_is_generated(capsys: pytest.CaptureFixture[str]) -> None:
    assert generate.main(["--check"]) == 0, capsys.readouterr().out


def test_a_changed_number_reaches_everything_that_follows_from_it(project: Project) -> None:
    before = outputs(project.root)
    project.spoil(OBJECTIVES, "outcome: ok}, within_ms: 500}", "outcome: ok}, within_ms: 300}")
    after = outputs(project.root)
    changed = {path for path, text in after.items() if text != before[path]}
    assert changed == {
        "dashboards/alerts.yaml",
        "dashboards/grafana/service.json",
        "dashboards/steady-states.json",
    }


def test_a_changed_profile_reaches_load_tests_and_the_page(project: Project) -> None:
    before = outputs(project.root)
    project.spoil(OBJECTIVES, "users: 250", "users: 300")
    after = outputs(project.root)
    changed = {path for path, text in after.items() if text != before[path]}
    assert changed == {"dashboards/thresholds.json", "docs/slo.md"}


@pytest.mark.parametrize(
    ("path", "old", "new", "problem"),
    [
        (OBJECTIVES, "class: health}\n", "class: heath}\n", "unknown 'heath' (known: health, read"),
        (OBJECTIVES, "alert: AvailabilityBurn", "alert: Availability", "does not match"),
        (OBJECTIVES, "outcome: ok}, within_ms: 500}", "outcome: ok}, within_ms: 450}", "'450'"),
        (OBJECTIVES, "outcome: [ok, shed, error]", "outcome: [ok, broken]", "unknown 'broken'"),
        (OBJECTIVES, "outcome: [done, dead]", "outcome: [failed, dead]", "total does not"),
        (
            OBJECTIVES,
            "metric: eva.answers, where: {band: [answer, closest]}}",
            "metric: eva.up}",
            "is a gauge",
        ),
        (OBJECTIVES, "displayName: grounded, target: 0.99", "target: 1.5", "1.5 is not within"),
        (OBJECTIVES, "name: eva-api\n", "name: eva-api\n name: x\n", "not YAML"),
        (OBJECTIVES, "name: first-token", "name: ask-latency", "a second objective with name"),
        (OBJECTIVES, "arrival_rate: 80", "arival_rate: 80", "unknown key 'arival_rate'"),
        (OBJECTIVES, "  users: 250", "  users: many", "'many' is not a number"),
        (CAUSES, "name: DiskFilling", "name: CosmosFailing", "a second alert 'CosmosFailing'"),
        (
            CAUSES,
            "name: DiskFilling",
            "name: DiskIsFilling",
            "write runbooks/alerts/DiskIsFilling.md",
        ),
        (CAUSES, '"eva.disk.used"', '"eva.disk.full"', "metric 'eva.disk.full'"),
        (CAUSES, 'Properties["period"]', 'Properties["month"]', "attribute 'month'"),
        (
            SIGNALS,
            "  - name: eva.up\n    instrument: gauge",
            "  - name: eva.up\n    instrument: dial",
            "unknown 'dial'",
        ),
    ],
    ids=lambda value: str(value)[:30],
)
def test_what_is_malformed_is_named_by_file_and_line(
    project: Project, path: str, old: str, new: str, problem: str
) -> None:
    project.spoil(path, old, new)
    with pytest.raises(DefinitionError) as refused:
        outputs(project.root)
    said = str(refused.value)
    assert problem in said
    named, line, _ = said.split(":", 2)
    assert named == path
    near = (project.root / path).read_text().splitlines()[max(0, int(line) - 12) : int(line) + 12]
    assert new.splitlines()[0] in "\n".join(near)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("displayName: answered, target: 0.999}", "displayName: answered, target: 0.99}"),
        ("users: 500\n  spawn_rate: 25\n", "users: 400\n  spawn_rate: 25\n"),
        ("ask: {p95_ms: 1900,", "ask: {p95_ms: 2500,"),
        ("within 1.2 s, target: 0.95}", "within 1.2 s, target: 0.9}"),
        (
            "{class: ask, outcome: ok}, within_ms: 2000}",
            "{class: ask, outcome: ok}, within_ms: 5000}",
        ),
    ],
    ids=["more failures", "fewer users", "slower than 2 s", "fewer in time", "a slower bound"],
)
def test_nothing_weaker_than_promised_is_accepted(project: Project, old: str, new: str) -> None:
    project.spoil(OBJECTIVES, old, new)
    with pytest.raises(DefinitionError, match=r"weaker than promised|is not within 1 and 2000"):
        outputs(project.root)


def test_an_alert_without_a_runbook_stops_generation(project: Project) -> None:
    (project.root / "runbooks/alerts/QueueAge.md").unlink()
    line = project.spoil(CAUSES, "name: QueueAge", "name: QueueAge")
    with pytest.raises(DefinitionError) as refused:
        outputs(project.root)
    expected = f"{CAUSES}:{line}: QueueAge has no runbook: write runbooks/alerts/QueueAge.md"
    assert str(refused.value) == expected


def test_the_command_names_what_is_malformed_and_exits_with_2(
    project: Project, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(generate, "ROOT", project.root)
    line = project.spoil(CAUSES, "owner: product-owner", "owner: nobody")
    assert generate.main(["--check"]) == 2
    assert capsys.readouterr().err.startswith(f"{CAUSES}:{line}: unknown 'nobody'")


def test_the_gate_reads_the_load_profiles() -> None:
    profiles = read_objectives(ROOT / OBJECTIVES, OBJECTIVES)
    assert profiles is not None
    assert set(profiles) >= {"smoke", "average", "peak", "spike", "soak"}
    assert profiles["peak"].users >= 500
    assert max(limit.p95_ms for limit in profiles["peak"].classes.values()) < 2000
    assert max(limit.error_rate for limit in profiles["peak"].classes.values()) < 0.001


def test_azure_is_asked_for_two_days_at_most_and_the_rest_is_ours() -> None:
    listed = yaml.safe_load((ROOT / "dashboards/alerts.yaml").read_text())["alerts"]
    rules = [rule for alert in listed for rule in alert["rules"]]
    ours = [rule for rule in rules if rule["evaluated"] == "by-schedule"]
    assert {rule["over"] for rule in ours} == {"3d"}
    assert len(ours) == sum(1 for alert in listed if "objective" in alert)
    assert not any(rule["over"] == "3d" for rule in rules if rule not in ours)
    assert len(RATES) == 4


@pytest.mark.parametrize(
    ("answer", "code", "said"),
    [("[]", 0, "Nothing burns."), ('[{"bad": 9}]', 1, "ticket: AvailabilityBurn-3d-6h: ")],
)
def test_what_burns_slowly_is_asked_on_a_schedule(
    tmp_path: Path, answer: str, code: int, said: str
) -> None:
    az = tmp_path / "az"  # stands for the Azure CLI: says what it was asked, answers the same
    az.write_text(f"#!/bin/sh\nprintf '%s\\n' \"$@\" >> {tmp_path}/asked\necho '{answer}'\n")
    az.chmod(az.stat().st_mode | stat.S_IXUSR)
    done = subprocess.run(
        [sys.executable, "-m", "dashboards.slow_burn", "--workspace", "w-1"],
        cwd=ROOT,
        env={**os.environ, "PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (code, "")
    assert done.stdout.startswith(said)
    asked = (tmp_path / "asked").read_text()
    assert asked.count("--workspace\nw-1\n--timespan\nP3D\n") == asked.count("ago(3d)") == 10
