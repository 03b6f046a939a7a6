"""Workflows by the schema that comes with check-jsonschema."""

from pathlib import Path

from pipelines.readiness.evidence import note
from pipelines.scans import scanner


def scan(report: Path) -> int:
    """Scan."""
    note.leave(**scanner.named("check-jsonschema"))
    done = scanner.run(
        *("check-jsonschema", "--builtin-schema", "vendor.github-workflows"),
        *("--output-format", "json", "-v", *scanner.tracked(".github/workflows/*.yml")),
    )
    report.write_text(done.stdout, encoding="utf-8")
    return done.returncode


if __name__ == "__main__":
    scanner.command(scan)
