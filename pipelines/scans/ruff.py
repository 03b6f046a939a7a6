"""Ruff's security rules over what is shipped and what ships it."""

import subprocess
from pathlib import Path

from pipelines.scans import sarif, scanner

PATHS = ("app", "pipelines")


def scan(report: Path) -> int:
    """Scan; ruff itself is asked which files it reads, since its report does not say."""
    listed = _ruff("--show-files")
    done = _ruff("--select", "S", "--output-format", "sarif", "--no-fix", "--no-cache")
    sarif.write(done.stdout, listed.stdout.split(), report)
    return done.returncode


def _ruff(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["ruff", "check", *arguments, *PATHS],
        cwd=scanner.ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


if __name__ == "__main__":
    scanner.command(scan)
