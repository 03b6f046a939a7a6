"""uv audit over the lock: every package of the service, on every platform."""

import subprocess
from pathlib import Path

from pipelines.readiness.evidence import note
from pipelines.scans import scanner
from pipelines.scans.source import NONE, advised

AUDIT = ("uv", "audit", "--preview-features", "audit-command,json-output", "--frozen")


def scan(report: Path) -> int:
    """Audit with the advisories that there are; without any, say so instead."""
    with advised() as source:
        if source is None:
            return scanner.cannot(NONE)
        note.leave(mode=source.mode, **source.database)
        url = ("--service-url", f"{source.url}/") if source.url else ()
        done = subprocess.run(
            [*AUDIT, "--no-default-groups", "--output-format", "json", *url],
            cwd=scanner.ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
    report.write_text(done.stdout, encoding="utf-8")
    return done.returncode


if __name__ == "__main__":
    scanner.command(scan)
