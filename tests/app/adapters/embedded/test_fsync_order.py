"""Killing a process cannot show that a write reached the medium: the kernel keeps what was written.

So the system calls are watched. Before a process says that something is stored, everything that
this needs must have been synced, in the order that survives a power cut at any point.
"""

import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import pytest

SCRIPT = Path(__file__).with_name("acknowledging.py")
CALLS = "fsync,fdatasync,rename,write,pwrite64,unlinkat,rmdir"
HALF = re.compile(r"^(\d+) +(.*) <unfinished \.\.\.>$")
OTHER_HALF = re.compile(r"^(\d+) +<\.\.\. \w+ resumed>(.*)$")


@cache
def _strace_works() -> bool:
    if shutil.which("strace") is None:
        return False
    tried = subprocess.run(["strace", "-o", "/dev/null", "true"], capture_output=True, check=False)
    return tried.returncode == 0


def _whole_calls(trace: str) -> list[str]:
    """Join calls that other threads interrupted; a call stands where it ended.

    What the process says stands where it began: it may be read before the call returns.
    """
    begun: dict[str, str] = {}
    calls = []
    for line in trace.splitlines():
        if half := HALF.match(line):
            begun[half[1]] = half[2]
            if '"done ' in half[2]:
                calls.append(half[2])
        elif other := OTHER_HALF.match(line):
            calls.append(begun.pop(other[1]) + other[2])
        else:
            calls.append(line.split(maxsplit=1)[1])
    return calls


def _said(call: str) -> str | None:
    found = re.match(r'write\(1[^"]*"done ([a-z]+ [a-z0-9_]+)', call)
    return found[1] if found else None


def _windows(calls: list[str]) -> Mapping[str, list[str]]:
    """What was done before each thing that was said, back to what was said before it."""
    windows: dict[str, list[str]] = {}
    since: list[str] = []
    for call in calls:
        if (said := _said(call)) and said not in windows:
            windows[said], since = since, []
        elif call.startswith("write(1") and '"open' in call:
            since = []
        else:
            since.append(call)
    return windows


def _last(calls: list[str], pattern: str) -> int:
    """Where the last call of a pattern ended well; -1 if none did."""
    found = [n for n, call in enumerate(calls) if re.search(pattern, call)]
    return found[-1] if found else -1


def _sync(path: str) -> str:
    return rf"^f(data)?sync\(\d+<{re.escape(path)}>\) += 0"


def _blob_is_durable(calls: list[str], root: str, name: str) -> bool:
    """Content written, synced, moved into place, and each folder on the way synced after."""
    space = f"{root}/blobs/ten_1/spc_1"
    moved = next((c for c in calls if c.startswith("rename(") and f"{name}/1.original" in c), None)
    if moved is None:
        return False
    draft = moved.split('"')[1]
    order = [
        _last(calls, rf"^write\(\d+<{re.escape(draft)}>"),
        _last(calls, _sync(draft)),
        calls.index(moved),
        _last(calls, _sync(f"{space}/{name}")),
    ]
    folders = [space] if name != "doc_0" else [space, f"{root}/blobs/ten_1", f"{root}/blobs"]
    return (
        order == sorted(set(order))
        and order[0] >= 0
        and all(_last(calls, _sync(folder)) >= 0 for folder in folders)
    )


def _record_is_durable(calls: list[str], root: str) -> bool:
    """Written to the log, and the log synced after the last write to it."""
    log = f"{root}/eva.db-wal"
    written = _last(calls, rf"^pwrite64\(\d+<{re.escape(log)}>")
    return 0 <= written < _last(calls, _sync(log))


def _removal_is_durable(calls: list[str], root: str, name: str) -> bool:
    space = f"{root}/blobs/ten_1/spc_1"
    removed = _last(calls, rf'^(unlinkat|rmdir)\(.*"({re.escape(space)}/)?{name}".*= 0$')
    return 0 <= removed < _last(calls, _sync(space))


def _verdicts(root: Path, lie: str) -> dict[str, bool]:
    """What was said to be done, and whether the system calls bear it out."""
    if not _strace_works():
        pytest.skip("STRACE IS MISSING: the order of fsync is NOT proved on this machine")
    trace = root.with_name("trace")
    command = ["strace", "-f", "-y", "-e", f"trace={CALLS}", "-s", "64", "-o", str(trace)]
    subprocess.run([*command, sys.executable, str(SCRIPT), str(root), lie], check=True)
    verdicts = {}
    for said, calls in _windows(_whole_calls(trace.read_text())).items():
        kind, name = said.split()
        match kind:
            case "blob":
                verdicts[said] = _blob_is_durable(calls, str(root), name)
            case "record":
                verdicts[said] = _record_is_durable(calls, str(root))
            case _:
                verdicts[said] = _removal_is_durable(calls, str(root), name)
    return verdicts


def _of(verdicts: Mapping[str, bool], kind: str) -> list[bool]:
    return [true for said, true in verdicts.items() if said.startswith(kind)]


def test_everything_is_synced_in_order_before_it_is_acknowledged(folder: Path) -> None:
    verdicts = _verdicts(folder, "none")
    assert len(verdicts) == 12
    assert [said for said, true in verdicts.items() if not true] == []


def test_the_oracle_catches_blobs_and_folders_that_are_not_synced(folder: Path) -> None:
    verdicts = _verdicts(folder, "blob-unsynced")
    assert _of(verdicts, "blob") == [False] * 4
    assert _of(verdicts, "removal") == [False] * 4
    assert _of(verdicts, "record") == [True] * 4


def test_the_oracle_catches_a_log_that_is_not_synced(folder: Path) -> None:
    verdicts = _verdicts(folder, "log-unsynced")
    assert _of(verdicts, "record") == [False] * 4
    assert _of(verdicts, "blob") == [True] * 4


def test_the_oracle_catches_an_acknowledgement_before_the_work(folder: Path) -> None:
    verdicts = _verdicts(folder, "early")
    assert len(verdicts) == 12
    assert not any(verdicts.values())
