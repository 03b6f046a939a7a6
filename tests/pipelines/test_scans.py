"""What the scans add to a tool's report, so that it proves what was looked at."""

import json
import subprocess
from pathlib import Path

from pipelines.readiness.checks.sarif import CHECK
from pipelines.scans import ruff, sarif, scanner
from pipelines.scans.scanner import ROOT
from pipelines.scans.secrets import HISTORY, PLANTED, SCRATCH, allowed, without_repetitions


def test_a_sarif_log_gets_relative_paths_and_what_was_looked_at(tmp_path: Path) -> None:
    place = {"physicalLocation": {"artifactLocation": {"uri": f"file://{ROOT}/app/a.py"}}}
    log = {"runs": [{"results": [{"locations": [place]}]}]}
    report = tmp_path / "log.sarif"
    sarif.write(json.dumps(log), [f"{ROOT}/app/a.py", "app/b.py", "app/b.py"], report)
    [run] = json.loads(report.read_text())["runs"]
    assert [a["location"]["uri"] for a in run["artifacts"]] == ["app/a.py", "app/b.py"]
    found = run["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert found == "app/a.py"


def test_ruff_is_asked_which_files_it_reads(tmp_path: Path) -> None:
    report = tmp_path / "ruff.sarif"
    ruff.scan(report)
    [run] = json.loads(report.read_text())["runs"]
    read = {artifact["location"]["uri"] for artifact in run["artifacts"]}
    tracked = set(scanner.tracked("pipelines/*.py"))
    assert tracked
    assert tracked <= read
    assert CHECK.id == "sarif"


def test_a_secret_that_a_file_still_holds_is_not_found_twice() -> None:
    here, gone = {"hashed_secret": "1"}, {"hashed_secret": "2"}
    found = without_repetitions({"app/a.py": [here], HISTORY: [here, gone]})
    assert found == {"app/a.py": [here], HISTORY: [gone]}


def test_what_a_file_marks_as_no_secret_is_none_in_history_either() -> None:
    mark = "pragma: allowlist"
    lines = [
        f'a = "1"  # another word  # {mark} secret - a name',
        "b = 2",
        "--",
        f"# {mark} nextline secret",
        "c = 3",
    ]
    assert allowed(lines) == {'a = "1"', "c = 3"}


def test_what_is_planted_lies_where_the_scanner_reads_and_git_does_not_look() -> None:
    inside = SCRATCH.relative_to(ROOT)
    ignored = ["git", "check-ignore", "--quiet", f"{inside}/planted"]
    assert subprocess.run(ignored, cwd=ROOT, check=False).returncode == 0


def test_the_planted_secret_stands_in_no_file() -> None:
    for name in scanner.tracked("pipelines/*.py", "tests/pipelines/*.py"):
        assert PLANTED not in (ROOT / name).read_text(), name


def test_the_version_of_a_scanner_is_that_of_its_lock() -> None:
    assert scanner.version("zizmor") == "1.32.0"
