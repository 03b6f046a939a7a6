"""The gate as people run it: exit codes, what it prints, what it leaves."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.pipelines.small_repository import Repository, repository

V = "evidence/readiness/beta"


@pytest.fixture
def bad(tmp_path: Path) -> Repository:
    made = repository(tmp_path, "bad")
    made.record()
    return made


def test_a_ready_commit_ends_with_0_and_leaves_every_form_of_the_verdict(ready: Repository) -> None:
    done = ready.gate("judge", "--stage", "beta")
    assert (done.returncode, done.stderr) == (0, "")
    assert "READY for beta" in done.stdout
    assert {path.name for path in (ready.root / V).iterdir()} == {
        *("report.html", "report.md", "badge.svg", "readiness.json", "readiness.junit.xml"),
        *("readiness.sarif", "readiness.oscal.json", "policy.json", "verdict.dsse.json"),
        *("vsa.predicate.json", "gate-key.pub.pem"),
    }


def test_an_unready_commit_ends_with_1_and_says_why_and_what_next(bad: Repository) -> None:
    done = bad.gate("judge", "--stage", "beta")
    assert done.returncode == 1
    said = " ".join(done.stdout.split())
    assert "X-01 ✗ failed It <holds> & passes. why: 1 found: failure tests/app/test_a.py" in said
    assert "next: make explain CRITERION=X-01" in said
    assert "NOT READY for beta" in said


def test_the_gate_is_a_module_that_python_runs(ready: Repository) -> None:
    program = [sys.executable, "-m", "pipelines.readiness", "judge", "--stage", "beta"]
    done = subprocess.run(program, cwd=ready.root, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "READY for beta" in done.stdout


def test_the_gate_speaks_french(bad: Repository) -> None:
    done = bad.gate("judge", "--stage", "beta", "--lang", "fr")
    assert "PAS PRÊT pour beta" in done.stdout
    assert "✗ échoué" in done.stdout
    assert "pourquoi: 1 constatations" in " ".join(done.stdout.split())


def test_explaining_shows_the_fingerprint_that_a_waiver_names(bad: Repository) -> None:
    [result] = bad.judged().verdict.results
    [seen] = result.worst.findings
    done = bad.gate("explain", "x-01", "--stage", "beta")
    assert done.returncode == 1
    assert seen.fingerprint in done.stdout
    assert "security-lead" in done.stdout
    assert "SECURITY.md (not written yet)" in done.stdout
    assert bad.gate("explain", "X-99").returncode == 2


def test_a_malformed_policy_ends_with_2_and_names_file_and_line(ready: Repository) -> None:
    ready.write("pipelines/readiness/waivers.toml", b'[[waiver]]\nid = "W-1"\n')
    for command in (("judge",), ("explain", "X-01"), ("auditor-pack",)):
        done = ready.gate(*command, "--stage", "beta")
        assert done.returncode == 2, command
        assert "pipelines/readiness/waivers.toml:1: 'criterion' is missing" in _flat(done.stderr)


def test_a_malformed_record_ends_with_2_never_with_a_pass(ready: Repository) -> None:
    path = ready.root / "evidence/local/tests/record.json"
    path.write_text(path.read_text().replace('"dirty": false', '"dirty": "false"'))
    done = ready.gate("judge", "--stage", "beta")
    assert done.returncode == 2
    assert "evidence/local/tests/record.json:" in _flat(done.stderr)
    assert "'dirty' must be true or false" in _flat(done.stderr)


def _flat(text: str) -> str:
    return " ".join(text.split())


def test_another_time_can_be_tried_out_and_nothing_is_written_of_it(ready: Repository) -> None:
    before = {path: path.read_bytes() for path in ready.root.glob("evidence/readiness/**/*.*")}
    done = ready.gate("judge", "--stage", "beta", "--now", "2099-01-01")
    assert done.returncode == 1
    assert "days old, 7 allowed" in _flat(done.stdout)
    after = {path: path.read_bytes() for path in ready.root.glob("evidence/readiness/**/*.*")}
    assert (before == after, bool(before)) == (True, True)


def test_programs_get_the_verdict_as_json_with_the_same_exit_code(bad: Repository) -> None:
    done = bad.gate("judge", "--stage", "beta", "--json")
    assert done.returncode == 1
    assert done.stdout == (bad.root / V / "readiness.json").read_text()
    assert [c["outcome"] for c in json.loads(done.stdout)["criteria"]] == ["failed"]


def test_verifying_says_what_was_proved_and_what_was_not(ready: Repository) -> None:
    done = ready.gate("verify", "--stage", "beta")
    assert done.returncode == 0
    assert done.stdout.startswith(f"intact; the verdict on {ready.commit[:12]} for beta is PASSED")
    assert "not who signed" in done.stdout
    ready.write("more.txt", b"")
    ready.save()
    done = ready.gate("verify", "--stage", "beta")
    assert (done.returncode, "commit: about" in done.stderr) == (2, True)


def test_a_failed_verdict_verifies_with_1(bad: Repository) -> None:
    bad.judged()
    done = bad.gate("verify", "--stage", "beta")
    assert (done.returncode, "is FAILED" in done.stdout) == (1, True)


def test_a_release_is_accepted_once_and_only_if_ready(ready: Repository, bad: Repository) -> None:
    assert ready.gate("accept", "v1.0.0", "--stage", "beta").returncode == 0
    path = ready.root / "pipelines/readiness/releases/v1.0.0.json"
    assert json.loads(path.read_text())["outcomes"] == {"X-01": "passed"}
    assert ready.gate("accept", "v1.0.0", "--stage", "beta").returncode == 2
    done = bad.gate("accept", "v1.0.0", "--stage", "beta")
    assert (done.returncode, "only a ready commit" in done.stderr) == (2, True)


def test_breaking_the_glass_is_a_command_that_names_the_objections(bad: Repository) -> None:
    why = ("--reason", "Losing writes; this commit mends it.", "--owner", "ada", "--ticket", "I-1")
    alone = bad.gate("break-glass", "--stage", "beta", *why, "--approver", "ada")
    assert (alone.returncode, "somebody else" in alone.stderr) == (2, True)
    done = bad.gate("break-glass", "--stage", "beta", *why, "--approver", "grace")
    assert (done.returncode, "1 objections overridden" in done.stdout) == (0, True)
    assert len(list((bad.root / V).glob("break-glass-*.dsse.json"))) == 1
