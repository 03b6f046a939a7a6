"""Making evidence as people and make targets do."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

from tests.pipelines.small_repository import Repository


def test_a_tool_is_run_and_recorded_with_its_own_exit_code(ready: Repository) -> None:
    done = ready.evidence(
        "run", "--id", "tests", "--", "sh", "-c", "cp report.xml {report}; exit 1"
    )
    assert done.returncode == 1
    assert "evidence tests: 1 of 1 looked at, 0 errors" in done.stderr
    record = json.loads((ready.root / "evidence/local/tests/record.json").read_text())
    assert (record["tool"], record["exit_code"]) == ("sh", 1)


def test_the_catalogue_s_own_command_is_the_default(ready: Repository) -> None:
    done = ready.evidence("run", "--id", "tests")
    assert done.returncode == 0
    record = json.loads((ready.root / "evidence/local/tests/record.json").read_text())
    assert record["argv"][:2] == ["cp", "report.xml"]


def test_a_tool_that_is_not_there_is_told_and_recorded(ready: Repository) -> None:
    done = ready.evidence("run", "--id", "tests", "--", "no-such-tool")
    assert (done.returncode, "no-such-tool is not installed" in done.stderr) == (1, True)


def test_only_what_is_stale_is_made(ready: Repository) -> None:
    assert "fresh" in ready.evidence("make", "--stage", "beta").stdout
    ready.write("more.txt", b"")
    ready.save()
    done = ready.evidence("make", "--stage", "beta")
    assert (done.returncode, "1 of 1 looked at, code 0" in done.stdout) == (0, True)


def test_strictly_made_evidence_ends_as_its_tools_did(ready: Repository) -> None:
    asked = ("make", "--stage", "beta", "--only", "tests")
    assert ready.evidence(*asked, "--strict").returncode == 0
    (ready.root / "report.xml").unlink()
    assert ready.evidence(*asked).returncode == 0, "the gate judges what was made"
    assert ready.evidence(*asked, "--strict").returncode == 1


def test_it_is_said_when_evidence_will_not_count(ready: Repository) -> None:
    ready.write("more.txt", b"")
    done = ready.evidence("make", "--stage", "beta", "--only", "tests")
    assert "uncommitted changes: this evidence will not count" in done.stdout


def test_unknown_kinds_and_malformed_policies_end_with_2(ready: Repository) -> None:
    for arguments in (("run", "--id", "tset"), ("make", "--only", "tset")):
        done = ready.evidence(*arguments)
        assert (done.returncode, "tset" in done.stderr) == (2, True), arguments
    ready.write("pipelines/readiness/evidence.toml", b"[[evidence]]\n")
    done = ready.evidence("make")
    assert done.returncode == 2
    assert "pipelines/readiness/evidence.toml:1: 'id' is missing" in " ".join(done.stderr.split())


def test_tools_can_be_interrupted_however_the_command_was_started(ready: Repository) -> None:
    script = "import signal; assert signal.getsignal(signal.SIGINT) is not signal.SIG_IGN"
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        done = ready.evidence("run", "--id", "tests", "--", "python", "-c", script)
    finally:
        signal.signal(signal.SIGINT, before)
    assert "python left no report and ended with code 0" in done.stderr


def interrupted(root: Path, *, when: Path) -> subprocess.CompletedProcess[str]:
    """Make evidence, and interrupt that as soon as a file is there."""
    command = [sys.executable, "-m", "pipelines.readiness.evidence", "make", "--jobs", "1"]
    making = subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, text=True)
    while not when.exists():
        assert making.poll() is None, "it ended by itself"
        time.sleep(0.05)
    making.send_signal(signal.SIGINT)
    said, _ = making.communicate(timeout=60)
    return subprocess.CompletedProcess(command, making.returncode, said)


def lives(pid: int) -> bool:
    """Tell whether a process is there, and not only still to be waited for."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_an_interrupt_ends_the_tools_and_leaves_no_half_record(
    ready: Repository, tmp_path: Path
) -> None:
    started, child = tmp_path / "started", tmp_path / "child"
    script = f"cp report.xml $0; sleep 300 & echo $! > {child}; touch {started}; wait"
    command = json.dumps(["sh", "-c", script, "{report}"]).encode()
    policy = ready.root / "pipelines/readiness/evidence.toml"
    was = policy.read_bytes()
    ready.write(
        "pipelines/readiness/evidence.toml",
        was.replace(b'["cp", "report.xml", "{report}"]', command),
    )
    ready.save()
    done = interrupted(ready.root, when=started)
    assert (done.returncode, "the same command goes on" in done.stdout) == (130, True)
    assert not (ready.root / "evidence/local/tests").exists()
    until = time.monotonic() + 60  # what was told to end may take its time
    while lives(int(child.read_text())):
        assert time.monotonic() < until, "it goes on"
        time.sleep(0.05)


def test_evidence_of_a_tool_that_broke_off_is_made_again(ready: Repository) -> None:
    ready.evidence("run", "--id", "tests", "--", "sh", "-c", "cp report.xml {report}; exit 2")
    done = ready.evidence("make", "--stage", "beta")
    assert "1 of 1 looked at, code 0" in done.stdout
