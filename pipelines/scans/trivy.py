"""trivy over the image that `python -m pipelines.container` built."""

import subprocess
from pathlib import Path

from pipelines.container import TAG
from pipelines.scans import containers, scanner


def saved(work: Path) -> str:
    """Put the image into a file, so that the scanner needs no hand on the engine."""
    done = subprocess.run(
        ["docker", "save", "--output", str(work / "image.tar"), TAG],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        return done.stderr.strip()
    (work / "image.tar").chmod(0o644)
    return ""


TRIVY = containers.Scanner(
    name="trivy",
    arguments=(
        *("image", "--input", "/work/image.tar", "--scanners", "vuln,secret", "--ignore-unfixed"),
        *("--quiet", "--exit-code", "1", "--format", "sarif", "--output", "/work/report.sarif"),
    ),
    report="report.sarif",
    prepare=saved,
)


def scan(report: Path) -> int:
    """Scan the image for vulnerabilities and secrets; what nobody has mended yet is left out."""
    return containers.scan(TRIVY, report)


if __name__ == "__main__":
    scanner.command(scan)
