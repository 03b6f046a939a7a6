"""Scanners that are container images, with a `docker` that writes down what it was asked."""

import json
import re
from pathlib import Path

import pytest
import yaml

from pipelines.scans import containers, gitleaks, scanner, trivy, zap
from pipelines.scans.containers import Scanner

ENGINE = """#!/bin/sh
echo "$@" >> {log}
case "$1" in
  save) {save} ;;
  compose) echo '{{"runs": []}}' > "$WORK/{report}"; exit {code} ;;
esac
"""
SCANNERS = (gitleaks.GITLEAKS, trivy.TRIVY, zap.ZAP)


@pytest.fixture
def note(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GATE_NOTE", str(tmp_path / "note.json"))
    return tmp_path / "note.json"


def engine(folder: Path, monkeypatch: pytest.MonkeyPatch, chosen: Scanner, **told: str) -> Path:
    log, program = folder / "docker.log", folder / "docker"
    shown = {"save": 'echo image > "$3"', "code": "0", "report": chosen.report, **told}
    program.write_text(ENGINE.format(log=log, **shown))
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    return log


@pytest.fixture(autouse=True)
def deployed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EVA_E2E_URL", "https://staging.test")
    monkeypatch.setenv("EVA_E2E_KEY", "of-nobody")


@pytest.mark.parametrize("chosen", SCANNERS, ids=lambda one: one.name)
def test_a_scanner_runs_as_its_pinned_image_and_its_report_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, note: Path, chosen: Scanner
) -> None:
    log = engine(tmp_path, monkeypatch, chosen)
    report = tmp_path / "report.sarif"
    assert containers.scan(chosen, report) == 0
    assert json.loads(report.read_text()) == {"runs": []}
    asked = log.read_text().splitlines()[-1]
    assert asked.startswith(f"compose --file {containers.COMPOSE} run --rm -T {chosen.name} ")
    assert asked.endswith(" ".join(chosen.arguments))
    assert re.fullmatch(r"\d+\.\d+\.\d+", json.loads(note.read_text())["version"])


@pytest.mark.parametrize("chosen", SCANNERS, ids=lambda one: one.name)
def test_every_image_is_pinned_by_its_digest(chosen: Scanner) -> None:
    services = yaml.safe_load(containers.COMPOSE.read_text())["services"]
    assert set(services) == {one.name for one in SCANNERS}
    assert re.fullmatch(r"[\w/-]+:v?[\d.]+@sha256:[0-9a-f]{64}", services[chosen.name]["image"])


def test_a_scanner_that_ends_badly_says_so_by_its_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine(tmp_path, monkeypatch, zap.ZAP, code="3")
    assert zap.scan(tmp_path / "report.sarif") == 3


def test_without_an_engine_a_scan_was_not_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, note: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert gitleaks.scan(tmp_path / "report.sarif") == 2
    assert json.loads(note.read_text()) == {"not_run": "docker is not installed"}


def test_an_image_that_was_not_built_is_not_scanned(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, note: Path
) -> None:
    engine(tmp_path, monkeypatch, trivy.TRIVY, save="echo no such image >&2; exit 1")
    assert trivy.scan(tmp_path / "report.sarif") == 2
    assert json.loads(note.read_text()) == {"not_run": "no such image"}


def test_nothing_is_attacked_that_nobody_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, note: Path
) -> None:
    log = engine(tmp_path, monkeypatch, zap.ZAP)
    monkeypatch.delenv("EVA_E2E_URL")
    assert zap.scan(tmp_path / "report.sarif") == 2
    assert json.loads(note.read_text()) == {"not_run": "EVA_E2E_URL: not set"}
    assert not log.exists()


def test_the_plan_of_the_attack_is_told_what_and_leaves_the_report_that_is_read() -> None:
    plan = yaml.safe_load((scanner.ROOT / scanner.PROJECT / "zap.yaml").read_text())
    jobs = {job["type"]: job["parameters"] for job in plan["jobs"]}
    assert jobs["openapi"]["apiUrl"] == "${EVA_E2E_URL}/openapi.json"
    assert {"activeScan", "passiveScan-wait", "replacer"} <= set(jobs)
    assert f"{jobs['report']['reportFile']}.json" == zap.ZAP.report
    assert jobs["report"]["template"] == "sarif-json"
