"""What the benchmark found: verdicts first, then the figures they rest on."""

import json
import os
import platform
import subprocess
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

Cells = dict[str, str | float | int]


@dataclass(frozen=True)
class Verdict:
    """One number against its target; `value` None: it could not be measured, `note` says why."""

    what: str
    value: float | None
    limit: float
    unit: str = ""
    at_least: bool = False
    note: str = ""

    @property
    def met(self) -> bool | None:
        if self.value is None:
            return None
        return self.value >= self.limit if self.at_least else self.value <= self.limit

    def told(self) -> str:
        target = f"{'≥' if self.at_least else '≤'} {self.limit:g}{self.unit}"
        if self.value is None:
            return f"  ?? {self.what}: NOT MEASURED (target {target}): {self.note}"
        mark = "ok" if self.met else "!!"
        missed = "" if self.met else "  MISSED"
        note = f"  ({self.note})" if self.note else ""
        return f"  {mark} {self.what}: {self.value:.3g}{self.unit}  target {target}{missed}{note}"


@dataclass
class Row:
    """One row's findings; `failed` says why its figures are worth nothing."""

    name: str
    verdicts: list[Verdict] = field(default_factory=list)
    figures: list[Cells] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    failed: str = ""


def show(rows: Sequence[Row]) -> str:
    """Return the report as text: every verdict, then each row's table."""
    lines = ["", "== Against the targets"]
    for row in rows:
        lines += [verdict.told() for verdict in row.verdicts]
        lines += [f"  XX {row.name}: FAILED: {row.failed}"] if row.failed else []
    for row in rows:
        lines += ["", f"== {row.name}", *_table(row.figures)]
        lines += [f"  {remark}" for remark in row.remarks]
    return "\n".join(lines)


def _table(figures: Sequence[Cells]) -> list[str]:
    columns = list(dict.fromkeys(name for cells in figures for name in cells))
    grid = [columns, *([_shown(cells.get(name, "")) for name in columns] for cells in figures)]
    widths = [max(len(line[at]) for line in grid) for at in range(len(columns))]
    return [
        "  "
        + "  ".join(
            cell.ljust(width) if at == 0 else cell.rjust(width)
            for at, (cell, width) in enumerate(zip(line, widths, strict=True))
        )
        for line in grid
        if columns
    ]


def _shown(value: str | float) -> str:
    if isinstance(value, float):
        return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"
    return str(value)


def machine() -> dict[str, Any]:
    """Return what the figures depend on."""
    models = [
        line.partition(":")[2].strip()
        for line in Path("/proc/cpuinfo").read_text().splitlines()
        if line.startswith("model name")
    ]
    commit = subprocess.run(
        ["git", "describe", "--always", "--dirty"], capture_output=True, text=True, check=False
    )
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": commit.stdout.strip(),
        "cores": os.cpu_count(),
        "cpu": models[0] if models else platform.machine(),
        "python": platform.python_version(),
        "load": os.getloadavg()[0],
    }


def keep(path: Path, rows: Sequence[Row], about: dict[str, Any]) -> None:
    """Write everything as JSON."""
    told = [
        asdict(row) | {"verdicts": [asdict(one) | {"met": one.met} for one in row.verdicts]}
        for row in rows
    ]
    path.write_text(json.dumps({"machine": about, "rows": told}, indent=2, ensure_ascii=False))
