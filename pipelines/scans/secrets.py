"""detect-secrets over every file under version control, and over what history ever added."""

import json
import re
import subprocess
import tempfile
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from pipelines.readiness.checks.secrets import CANARY
from pipelines.readiness.evidence import note
from pipelines.scans import scanner

HISTORY = "history"
MARK = re.compile(r"pragma: allowlist secret")
NEXT_LINE = "pragma: allowlist nextline"
LOCKS = ("uv.lock", "*/uv.lock", "*/package-lock.json")
SCRATCH = scanner.ROOT / "evidence"  # detect-secrets leaves out what is outside of the repository
# Assembled here, so that this file holds no secret; the scan has to find it.
PLANTED = "AKIA" + "IOSFODNN7" + "EXAMPLX"


def scan(report: Path) -> int:
    """Scan files, history and a planted secret; the report lists what was scanned."""
    note.leave(**scanner.named("detect-secrets"))
    files = [name for name in scanner.tracked() if not name.endswith(("uv.lock", "-lock.json"))]
    SCRATCH.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=SCRATCH) as folder:
        canary, history = Path(folder, CANARY), Path(folder, HISTORY)
        canary.write_text(f'key = "{PLANTED}"\n', encoding="utf-8")
        commits = _write_history(history)
        done = scanner.run("detect-secrets", "scan", *files, str(canary), str(history))
        made = json.loads(done.stdout)
    named = {_named(name): found for name, found in made["results"].items()}
    made["results"] = without_repetitions(named)
    made |= {"scanned": files, "history_commits": commits}
    report.write_text(json.dumps(made, indent=1) + "\n", encoding="utf-8")
    return done.returncode


def allowed(marked: Sequence[str]) -> set[str]:
    """Return the lines that a mark in a file allows: history holds them from before they had it."""
    same = {_code(line) for line in marked if MARK.search(line)}
    following = {_code(after) for line, after in pairwise(marked) if NEXT_LINE in line}
    return (same | following) - {""}


def _code(line: str) -> str:
    """Return a line without what is said behind it."""
    return re.split(r"\s{2,}#|\s*//\s|\s*<!--", line)[0].strip()


def _marked() -> list[str]:
    """Return every marked line of the files under version control, and the line after it."""
    done = subprocess.run(
        ["git", "grep", "-hI", "-A1", "-e", "pragma: allowlist"],
        cwd=scanner.ROOT,
        capture_output=True,
        check=False,  # 1: there is no mark at all
    )
    return done.stdout.decode(errors="replace").splitlines()


def _write_history(path: Path) -> int:
    """Write every line that was ever added, lock files aside; return the number of commits."""
    left_out = [f":(exclude){pattern}" for pattern in LOCKS]
    log = subprocess.run(
        ["git", "log", "-p", "--no-color", "-U0", "--format=", "--", ".", *left_out],
        cwd=scanner.ROOT,
        capture_output=True,
        check=True,
    ).stdout.decode(errors="replace")
    added = [line[1:] for line in log.splitlines() if line.startswith("+") and line[:4] != "+++ "]
    settled = allowed(_marked())
    kept = [line for line in added if _code(line) not in settled]
    path.write_text("\n".join(kept) + "\n", encoding="utf-8")
    counted = subprocess.run(
        ["git", "rev-list", "--count", "HEAD"], cwd=scanner.ROOT, capture_output=True, check=True
    )
    return int(counted.stdout)


def _named(name: str) -> str:
    return Path(name).name if Path(name).name in {CANARY, HISTORY} else name


def without_repetitions(results: dict[str, Any]) -> dict[str, Any]:
    """Return the findings, without those of history that a file still holds."""
    known = {
        found["hashed_secret"]
        for name, many in results.items()
        for found in many
        if name != HISTORY
    }
    gone = [found for found in results.get(HISTORY, []) if found["hashed_secret"] not in known]
    return {**results, HISTORY: gone}


if __name__ == "__main__":
    scanner.command(scan)
