"""pip-audit over what the service installs on this platform."""

import tempfile
from pathlib import Path

from pipelines.readiness.evidence import note
from pipelines.readiness.packages import locked_packages
from pipelines.scans import scanner
from pipelines.scans.source import NONE, advised


def scan(report: Path) -> int:
    """Audit with the advisories that there are; without any, say so instead."""
    with advised() as source, tempfile.TemporaryDirectory() as folder:
        tool = scanner.named("pip-audit")
        if source is None:
            return scanner.cannot(NONE, **tool)
        note.leave(mode=source.mode, **tool, **source.database)
        wanted = Path(folder, "requirements.txt")
        wanted.write_text("\n".join(sorted(locked_packages(scanner.ROOT))), encoding="utf-8")
        url = ("--osv-url", f"{source.url}/v1/query") if source.url else ()
        return scanner.told(
            scanner.run(
                *("pip-audit", "-r", str(wanted), "--no-deps", "--disable-pip", "-s", "osv", *url),
                *("--progress-spinner", "off", "-f", "json", "-o", str(report)),
            )
        )


if __name__ == "__main__":
    scanner.command(scan)
