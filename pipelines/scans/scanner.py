"""The scanners of `security/scanners`: locked, and apart from what the service installs."""

import argparse
import os
import subprocess
import sys
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path

from pipelines.readiness.evidence import note

ROOT = Path(__file__).parents[2]
PROJECT = "security/scanners"


def run(
    tool: str, *arguments: str, environ: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a scanner in the repository; what it printed is in the result, whatever its code."""
    given = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}
    return subprocess.run(
        ["uv", "run", "--quiet", "--frozen", "--project", PROJECT, "--", tool, *arguments],
        cwd=ROOT,
        env={**given, **(environ or {})},
        capture_output=True,
        text=True,
        check=False,
    )


def version(package: str) -> str:
    """Return the version of a scanner that the lock holds."""
    with (ROOT / PROJECT / "uv.lock").open("rb") as file:
        locked = tomllib.load(file)["package"]
    return str(next(made["version"] for made in locked if made["name"] == package))


def named(package: str) -> dict[str, str]:
    """Return what a note says of a scanner: its name and the version that the lock holds."""
    return {"tool": package.removesuffix("-bin"), "version": version(package)}


def tracked(*patterns: str) -> list[str]:
    """Return the files under version control that fit git's patterns, and are there."""
    done = subprocess.run(
        ["git", "ls-files", "-z", "--", *patterns], cwd=ROOT, capture_output=True, check=True
    )
    names = done.stdout.decode().split("\0")
    return [name for name in names if name and (ROOT / name).is_file()]


def told(done: subprocess.CompletedProcess[str]) -> int:
    """Repeat what a tool printed, so that it is in the log, and return its code."""
    sys.stdout.write(done.stdout)
    sys.stderr.write(done.stderr)
    return done.returncode


def cannot(why: str, **said: str) -> int:
    """Leave the note that the scan could not run, and return the code for it."""
    note.leave(not_run=why, **said)
    sys.stderr.write(f"not run: {why}\n")
    return 2


def command(scan: Callable[[Path], int]) -> None:
    """Run a scan as a program that takes `--report`, the file to write."""
    parser = argparse.ArgumentParser(description=scan.__doc__)
    parser.add_argument("--report", type=Path, required=True)
    sys.exit(scan(parser.parse_args().report.absolute()))
