"""What the sandbox's tests run in a child, and a process that is killed while a child runs."""

import asyncio
import os
import resource
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

from app.adapters.fork_server import report
from app.adapters.sandbox import Sandbox


class Instance:
    pass


def echo(value: object) -> object:
    return value


def fail(message: str) -> None:
    raise KeyError(message)


def quit_python() -> None:
    raise SystemExit


def instance() -> Instance:
    return Instance()


def spin() -> None:
    while True:
        pass


def allocate(size: int) -> int:
    return len(b"x" * size)


def kill_itself(number: int) -> None:
    os.kill(os.getpid(), number)
    time.sleep(60)


def leave(code: int) -> None:
    os._exit(code)


def write_nonsense() -> int:
    return os.write(3, b"x nonsense\np \xff\n\n\n")


def tell() -> None:
    for percent in range(0, 101, 5):
        report(percent / 100)


def sleep_as(path: str) -> None:
    """Say who sleeps, and sleep."""
    Path(path).write_text(str(os.getpid()))
    time.sleep(60)


def fork_server() -> int:
    """Return who made this child."""
    return os.getppid()


def surroundings() -> dict[str, object]:
    descriptors = []
    for number in range(256):
        try:
            os.fstat(number)
        except OSError:
            continue
        descriptors.append(number)
    return {
        "descriptors": descriptors,
        "environment": dict(os.environ),
        "niceness": os.nice(0),
        "core": resource.getrlimit(resource.RLIMIT_CORE)[1],
        "file": resource.getrlimit(resource.RLIMIT_FSIZE)[1],
        "session": os.getsid(0),
        "terminates": signal.getsignal(signal.SIGTERM) is not signal.SIG_IGN,
    }


async def _hold(path: str) -> None:
    sandbox = Sandbox(1)
    await sandbox.run(sleep_as, path, timeout_s=60)


def hold_a_child(path: Path) -> subprocess.Popen[bytes]:
    """Start a process with a running child that writes its id to the path."""
    code = f"from tests.app.adapters.sandboxed import hold; hold({str(path)!r})"
    return subprocess.Popen([sys.executable, "-c", code], cwd=Path(__file__).parents[3])


def hold(path: str) -> None:
    asyncio.run(_hold(path))


def open_socket() -> socket.socket:
    return socket.create_server(("127.0.0.1", 0))


def processes_below(pid: int) -> set[int]:
    """Return the ids of a process's descendants, from /proc."""
    found: set[int] = set()
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = status.read_text().rpartition(")")[2].split()
        except OSError:  # it has just ended
            continue
        if int(fields[1]) == pid and fields[0] != "Z":
            child = int(status.parent.name)
            found |= {child, *processes_below(child)}
    return found


async def gone(pid: int, within_s: float = 60.0) -> bool:
    """Wait until a process has ended; tell whether it did in time."""
    end = time.monotonic() + within_s
    while time.monotonic() < end:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            return True
        if state == "Z":
            return True
        await asyncio.sleep(0.01)
    return False


async def written(path: Path) -> int:
    """Wait for a process id to be written to the path."""
    while not (path.exists() and path.read_text()):  # noqa: ASYNC110 - another process writes
        await asyncio.sleep(0.01)
    return int(path.read_text())
