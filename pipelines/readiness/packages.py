"""The packages that the lock file says the service installs."""

import re
import subprocess
from pathlib import Path

from packaging.requirements import Requirement

# The service's own packages: no group, not the project itself.
SERVICE = ("--frozen", "--no-default-groups", "--no-emit-project")
EXPORT = ("uv", "export", "--quiet", *SERVICE, "--no-hashes", "--no-header", "--no-annotate")


def normal(name: str) -> str:
    """Return a package's name as PEP 503 compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def exported(root: Path, *more: str) -> list[str]:
    """Return the lines `name==version ; marker` of the service's packages, for every platform."""
    done = subprocess.run([*EXPORT, *more], cwd=root, capture_output=True, text=True, check=True)
    return [line.strip() for line in done.stdout.splitlines() if "==" in line]


def locked_packages(root: Path) -> frozenset[str]:
    """Return `name==version` of each package that the service installs on this platform."""
    wanted = [Requirement(line) for line in exported(root)]
    return frozenset(
        f"{wish.name}{wish.specifier}"
        for wish in wanted
        if wish.marker is None or wish.marker.evaluate()
    )
