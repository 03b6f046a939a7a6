"""Bandit over the service: JSON for the gate, SARIF beside it for whatever shows SARIF."""

from pathlib import Path

from pipelines.readiness.evidence import note
from pipelines.scans import scanner


def scan(report: Path) -> int:
    """Scan `app/`."""
    note.leave(**scanner.named("bandit"))
    arguments = ("-q", "-r", "app", "-o")
    scanner.run("bandit", *arguments, str(report.with_suffix(".sarif")), "-f", "sarif")
    return scanner.told(scanner.run("bandit", *arguments, str(report), "-f", "json"))


if __name__ == "__main__":
    scanner.command(scan)
