"""Mending what SARIF writers leave out: what they looked at, and paths that mean something."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pipelines.scans.scanner import ROOT


def write(log: str, looked_at: Iterable[str], report: Path) -> None:
    """Write a SARIF log with relative paths, and with the files that the tool says it read."""
    made: dict[str, Any] = json.loads(log)
    names = [relative(name) for name in looked_at]
    for run in made["runs"]:
        run["artifacts"] = [{"location": {"uri": name}} for name in sorted(set(names))]
        for result in run["results"]:
            for place in result.get("locations", ()):
                found = place["physicalLocation"]["artifactLocation"]
                found["uri"] = relative(found["uri"])
    report.write_text(json.dumps(made, indent=1) + "\n", encoding="utf-8")


def relative(name: str) -> str:
    """Return a path below the repository as seen from there."""
    path = Path(name.removeprefix("file://"))
    return path.relative_to(ROOT).as_posix() if path.is_relative_to(ROOT) else path.as_posix()
