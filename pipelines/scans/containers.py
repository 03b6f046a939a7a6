"""The scanners of `security/scanners/compose.yaml`: container images, each by its digest."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import yaml

from pipelines.readiness.evidence import note
from pipelines.scans import scanner

COMPOSE = scanner.ROOT / scanner.PROJECT / "compose.yaml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scanner:
    """A service of the file, its arguments, and the SARIF that it leaves in its folder.

    `prepare` puts what is scanned into that folder; what it returns is why it cannot.
    """

    name: str
    arguments: tuple[str, ...]
    report: str
    prepare: Callable[[Path], str] = lambda _: ""


def version(name: str) -> str:
    """Return the version of a scanner, as its image is tagged."""
    image = str(yaml.safe_load(COMPOSE.read_text(encoding="utf-8"))["services"][name]["image"])
    return image.partition("@")[0].rpartition(":")[2].removeprefix("v")


def scan(chosen: Scanner, report: Path) -> int:
    """Run a scanner, keep its report, and return its code: findings are the report's to tell."""
    if shutil.which("docker") is None:
        return scanner.cannot("docker is not installed")
    note.leave(tool=chosen.name, version=version(chosen.name))
    with tempfile.TemporaryDirectory(prefix="eva-scan-") as folder:
        work = Path(folder)
        work.chmod(0o777)  # the images run as somebody else
        if why := chosen.prepare(work):
            return scanner.cannot(why)
        done = subprocess.run(
            [
                *("docker", "compose", "--file", str(COMPOSE), "run", "--rm", "-T"),
                *(chosen.name, *chosen.arguments),
            ],
            env={**os.environ, "WORK": str(work)},
            check=False,
        )
        if (work / chosen.report).is_file():
            shutil.copyfile(work / chosen.report, report)
    return done.returncode
