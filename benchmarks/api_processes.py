"""Servers as process trees: started, waited for, weighed from /proc, stopped."""

import contextlib
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

TICKS = os.sysconf("SC_CLK_TCK")
SERVER_CPU, CLIENT_CPU = 0, min(1, (os.cpu_count() or 1) - 1)
MB = 1_000_000


class NotRunningError(Exception):
    """The server did not come up; the text holds the end of its log."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _stat(pid: int) -> list[str]:
    """Return the fields of /proc/PID/stat from the third on; the name may hold spaces."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def tree(root: int) -> list[int]:
    """Return the process and its living descendants."""
    parents: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                parents.setdefault(int(_stat(int(entry.name))[1]), []).append(int(entry.name))
    found = [root]
    for pid in found:
        found.extend(parents.get(pid, []))
    return found


def _cpu(pid: int) -> float:
    """Seconds of CPU of a process and of the children that it has buried."""
    with contextlib.suppress(OSError):
        return sum(int(ticks) for ticks in _stat(pid)[11:15]) / TICKS
    return 0.0


def _smaps(pid: int, name: str) -> int:
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith(name + ":"):
                return int(line.split()[1]) * 1024
    return 0


def _peak(pid: int) -> int:
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    return 0


@dataclass
class Server:
    """A started program that listens on `port`; its output goes to `log`."""

    name: str
    process: subprocess.Popen[bytes]
    port: int
    log: Path
    began: float = field(default_factory=time.perf_counter)
    ready_after: float = 0.0  # seconds from start to the first 200

    @property
    def pid(self) -> int:
        return self.process.pid

    def cpu(self) -> float:
        """Return the CPU seconds of the whole tree so far."""
        return sum(_cpu(pid) for pid in tree(self.pid))

    def resident(self) -> tuple[int, int]:
        """Return the tree's resident bytes: shared pages counted in each process, and once."""
        pids = tree(self.pid)
        return sum(_smaps(pid, "Rss") for pid in pids), sum(_smaps(pid, "Pss") for pid in pids)

    def own_resident(self) -> int:
        """Return the resident bytes of the serving process alone."""
        return _smaps(self.pid, "Rss")

    def forget_peak(self) -> None:
        """Let the kernel measure the peak of resident memory anew from now."""
        Path(f"/proc/{self.pid}/clear_refs").write_text("5")

    def peak(self) -> int:
        """Return the serving process's peak of resident bytes since `forget_peak`."""
        return _peak(self.pid)

    def tail(self, lines: int = 12) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])

    def ready(self, path: str, within: float = 60.0) -> None:
        """Wait for the first 200 of `path`."""
        while time.perf_counter() - self.began < within:
            if self.process.poll() is not None:
                raise NotRunningError(
                    f"{self.name} ended ({self.process.returncode}):\n{self.tail()}"
                )
            if answers(self.port, path):
                self.ready_after = time.perf_counter() - self.began
                return
            time.sleep(0.01)
        raise NotRunningError(
            f"{self.name} did not answer {path} within {within:g} s:\n{self.tail()}"
        )

    def stop(self) -> None:
        """End the tree: a polite signal to the program, then none to whoever is left."""
        pids = tree(self.pid)
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(15)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        for pid in pids[1:]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def answers(port: int, path: str) -> bool:
    """Tell whether GET `path` is answered with 200."""
    try:
        with socket.create_connection(("127.0.0.1", port), 1.0) as line:
            line.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
            return b" 200" in line.recv(64)
    except OSError:
        return False


def start(
    name: str, command: Sequence[str], port: int, log: Path, env: Mapping[str, str] | None = None
) -> Server:
    """Start a program with exactly this environment beside PATH and HOME."""
    keep = {key: os.environ[key] for key in ("PATH", "HOME", "LANG") if key in os.environ}
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as out:
        process = subprocess.Popen(
            list(command),
            stdout=out,
            stderr=out,
            stdin=subprocess.DEVNULL,
            env={**keep, **(env or {})},
        )
    return Server(name, process, port, log)


@contextlib.contextmanager
def pinned(server: Server, cpu: int = SERVER_CPU) -> Iterator[None]:
    """Hold the server's tree on one CPU, so that "one process" also means one core."""
    everywhere = os.sched_getaffinity(0)
    _pin(server, {cpu})
    try:
        yield
    finally:
        _pin(server, everywhere)


def _pin(server: Server, cpus: set[int]) -> None:
    for pid in tree(server.pid):
        for task in Path(f"/proc/{pid}/task").iterdir():
            with contextlib.suppress(OSError):
                os.sched_setaffinity(int(task.name), cpus)
