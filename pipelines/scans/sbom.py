"""The bill of materials of the service, from an environment that holds nothing else."""

import os
import subprocess
import tempfile
from pathlib import Path

from pipelines.readiness.evidence import note
from pipelines.scans import scanner


def scan(report: Path) -> int:
    """Install what the lock holds for the service, apart, and list what is there."""
    note.leave(**scanner.named("cyclonedx-bom"))
    with tempfile.TemporaryDirectory() as folder:
        place = f"{folder}/service"
        environ = {**os.environ, "UV_PROJECT_ENVIRONMENT": place}
        subprocess.run(
            "uv sync --quiet --frozen --no-default-groups --no-install-project".split(),  # noqa: SIM905
            cwd=scanner.ROOT,
            env=environ,
            check=True,
        )
        return scanner.told(
            scanner.run(
                *("cyclonedx-py", "environment", f"{place}/bin/python", "--output-reproducible"),
                *("--output-format", "JSON", "--output-file", str(report)),
            )
        )


if __name__ == "__main__":
    scanner.command(scan)
