"""Measure the running API: requests, questions, start, uploads, memory, beside peers.

Every figure of one report comes from one run on one machine: read the ratios first. What a target
was missed by is shown; the exit code is 1 only if something could not be measured soundly.
Needs `wrk` (Debian package of that name) for the point read. The peers are installed by
`python benchmarks/peers/setup.py`; those that are not there are reported as not measured.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import api_ask
import api_growth
import api_point
import api_start
import api_telemetry
import api_uploads
from api_measure import WrongAnswerError
from api_processes import NotRunningError
from api_report import Row, keep, machine, show
from api_setting import Setting

ROWS: dict[str, Callable[[Setting], Row]] = {
    "point": api_point.measure,
    "ask": api_ask.measure,
    "start": api_start.measure,
    "uploads": api_uploads.together,
    "memory": api_uploads.large,
    "telemetry": api_telemetry.measure,
    "growth": api_growth.measure,
}
ONLY_FULL = ("growth",)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", action="append", choices=ROWS, help="this row; may be repeated")
    parser.add_argument("--quick", action="store_true", help="shorter bursts, smaller files")
    parser.add_argument("--full", action="store_true", help="also how costs grow (many minutes)")
    parser.add_argument("--chunks", type=int, default=5000, help="size of the corpus asked")
    parser.add_argument(
        "--patience",
        type=float,
        default=60.0,
        metavar="SECONDS",
        help="how long to wait, in all, for moments in which nobody else computes (default 60)",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write everything as JSON too")
    return parser.parse_args()


def chosen(given: argparse.Namespace) -> list[str]:
    if given.only:
        return list(dict.fromkeys(given.only))
    return [name for name in ROWS if given.full or name not in ONLY_FULL]


def measured(name: str, setting: Setting) -> Row:
    """Return a row, or why there is none."""
    setting.say(f"{name} …")
    try:
        return ROWS[name](setting)
    except (WrongAnswerError, NotRunningError, OSError, subprocess.SubprocessError) as failed:
        setting.say(f"  FAILED: {failed}")
        return Row(name, failed=str(failed))


def main() -> int:
    given = arguments()
    names = chosen(given)
    if "point" in names and shutil.which("wrk") is None:
        sys.exit("wrk is not installed: apt-get install -y wrk (or leave `point` out with --only)")
    about = machine()
    with tempfile.TemporaryDirectory(prefix="eva-bench-") as root:
        setting = Setting(
            Path(root),
            quick=given.quick,
            full=given.full,
            chunks=given.chunks,
            patience=[given.patience],
        )
        rows = [measured(name, setting) for name in names]
    print("  ".join(f"{key}: {value}" for key, value in about.items()))
    print(show(rows))
    if given.json:
        keep(given.json, rows, about)
    return 1 if any(row.failed for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
