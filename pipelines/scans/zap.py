"""ZAP against a service that is deployed: EVA_E2E_URL, with the key EVA_E2E_KEY."""

import os
from pathlib import Path

from pipelines.scans import containers, scanner

NEEDED = ("EVA_E2E_URL", "EVA_E2E_KEY")


def named(_: Path) -> str:
    """Tell what is missing to find the service and to be let in."""
    missing = [name for name in NEEDED if not os.environ.get(name)]
    return f"{' and '.join(missing)}: not set" if missing else ""


ZAP = containers.Scanner(
    name="zap",
    arguments=("zap.sh", "-cmd", "-autorun", "/zap/plan.yaml"),
    report="report.json",
    prepare=named,
)


def scan(report: Path) -> int:
    """Scan every operation of the service's OpenAPI document."""
    return containers.scan(ZAP, report)


if __name__ == "__main__":
    scanner.command(scan)
