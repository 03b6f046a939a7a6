"""Benchmarks are run by hand: that they start at all is checked here."""

import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parents[2] / "benchmarks"
PROGRAMS = sorted(
    path for path in FOLDER.rglob("*.py") if '__name__ == "__main__"' in path.read_text()
)


def test_there_are_benchmarks() -> None:
    assert FOLDER / "api.py" in PROGRAMS


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda path: str(path.relative_to(FOLDER)))
def test_a_benchmark_says_how_it_is_used(program: Path) -> None:
    done = subprocess.run(
        [sys.executable, program, "--help"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("usage:")
