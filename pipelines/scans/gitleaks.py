"""gitleaks over every commit there ever was."""

from pathlib import Path

from pipelines.scans import containers, scanner

GITLEAKS = containers.Scanner(
    name="gitleaks",
    arguments=(
        *("git", "--no-banner", "--redact"),
        *("--report-format", "sarif", "--report-path", "/work/report.sarif", "/repository"),
    ),
    report="report.sarif",
)


def scan(report: Path) -> int:
    """Scan the history; what looks like a secret is told without its text."""
    return containers.scan(GITLEAKS, report)


if __name__ == "__main__":
    scanner.command(scan)
