"""What the processes of the service hold: memory, open files and connections."""

import json
from pathlib import Path

from chaoslib.exceptions import ActivityFailed

from chaos.state import state

_MIB = 1024


def remember_footprint() -> dict[str, dict[str, int]]:
    """Note what the processes hold now."""
    found = _held()
    _noted().write_text(json.dumps(found), encoding="utf-8")
    return found


def expect_footprint(most_mb: int, most_files: int) -> dict[str, dict[str, int]]:
    """Require that no process holds much more than was noted: MiB of memory, open files."""
    before, now = json.loads(_noted().read_text(encoding="utf-8")), _held()
    grown = {
        process: {part: now[process][part] - before[process][part] for part in now[process]}
        for process in now
    }
    for process, more in grown.items():
        if more["resident_mb"] > most_mb or more["files"] > most_files:
            raise ActivityFailed(f"{process} grew from {before[process]} to {now[process]}")
    return grown


def _noted() -> Path:
    return Path(state()["folder"]) / "footprint.json"


def _held() -> dict[str, dict[str, int]]:
    return {name: _of(Path(f"/proc/{pid}")) for name, pid in state()["processes"].items()}


def _of(process: Path) -> dict[str, int]:
    said = dict(
        line.split(":", 1) for line in (process / "status").read_text().splitlines() if ":" in line
    )
    resident_mb = int(said["VmRSS"].split()[0]) // _MIB
    return {"resident_mb": resident_mb, "files": len(list((process / "fd").iterdir()))}
