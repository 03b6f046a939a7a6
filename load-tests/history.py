"""Accepted runs, one JSON object a line, and how a run compares with the last of its kind."""

import json
import os
import platform
import subprocess
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from judging import Seen
from plan import Profile
from stepping import percentile

HISTORY = Path(__file__).parent / "history.jsonl"
_WORSE, _WORSE_MS = 1.5, 20.0  # both, before a difference is more than noise


def summary(profile: Profile, backend: str, found: Seen) -> dict[str, Any]:
    """Return a run in short."""
    commit = subprocess.run(
        ["git", "describe", "--always", "--dirty"],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parent,
    )
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": commit.stdout.strip(),
        "machine": f"{os.cpu_count()} cores, {platform.machine()}",
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "profile": profile.name,
        "backend": backend,
        "seconds": profile.duration_s,
        "users": found.users,
        "p95_ms": {
            name: percentile(told.response_times, 0.95) for name, told in found.classes.items()
        },
        "requests": found.requests,
        "failures": sum(told.num_failures for told in found.classes.values()),
    }


def last(run: Mapping[str, Any], path: Path = HISTORY) -> dict[str, Any] | None:
    """Return the last accepted run of the same profile, backend and kind of machine."""
    if not path.exists():
        return None
    found = None
    for line in path.read_text().splitlines():
        one: dict[str, Any] = json.loads(line)
        if all(one[key] == run[key] for key in ("profile", "backend", "machine")):
            found = one
    return found


def accept(run: Mapping[str, Any], path: Path = HISTORY) -> None:
    """Make a run the one that later ones are compared with."""
    with path.open("a") as out:
        out.write(json.dumps(run, sort_keys=True) + "\n")


def compared(run: Mapping[str, Any], before: Mapping[str, Any] | None) -> Iterator[str]:
    """Yield how a run differs from the last accepted one."""
    if before is None:
        yield "no accepted run of this kind to compare with"
        return
    was, on = before.get("python", "a Python that was not noted"), run.get("python")
    elsewhere = "" if on == before.get("python") else f", which ran on {was}, this one on {on}"
    yield f"compared with {before['commit']} of {before['at']}{elsewhere}:"
    for name, p95 in run["p95_ms"].items():
        old = before["p95_ms"].get(name)
        if old:
            worse = p95 > _WORSE * old and p95 - old > _WORSE_MS
            mark = "  << SLOWER" if worse else ""
            yield f"{name}: p95 {p95:.0f} ms, was {old:.0f} ms{mark}"
