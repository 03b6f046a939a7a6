"""What the server and the machine spend while they are under load, second by second."""

import contextlib
import os
import re
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Self

import psutil  # type: ignore[import-untyped]
import requests

MIB = 1024 * 1024
_TICKS = os.sysconf("SC_CLK_TCK")
_TASKS = re.compile(r"^eva_tasks (\d+)", re.MULTILINE)


@dataclass(frozen=True)
class Sample:
    """One look at all processes of the server; who keeps several is one of them.

    CPU is in cores, `machine` is all of it; None tasks were not told of.
    """

    second: float
    cpu: float
    resident_mb: float
    files: int
    threads: int
    tasks: int | None
    machine: float


def machine_busy() -> float:
    """Return the seconds that all cores have worked so far."""
    fields = [int(n) for n in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
    return (sum(fields) - fields[3] - fields[4]) / _TICKS


@dataclass
class Watch:
    """Looks at a process and all below it, once a second, until it is left."""

    pid: int
    metrics: str | None = None  # where the process shows them to Prometheus
    every_s: float = 1.0
    samples: list[Sample] = field(default_factory=list)
    _over: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Self:
        """Begin."""
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """End."""
        self._over.set()
        self._thread.join()

    def shown(self) -> list[dict[str, float]]:
        """Return the samples as JSON; what was not told of is left out."""
        told = [asdict(one) for one in self.samples]
        return [{name: n for name, n in one.items() if n is not None} for one in told]

    def _run(self) -> None:
        root, began = psutil.Process(self.pid), time.time()
        spent, machine, looked = _total(_family(root), _cpu), machine_busy(), began
        while not self._over.wait(self.every_s):
            try:
                family = _family(root)
                cpu, busy, now = _total(family, _cpu), machine_busy(), time.time()
                sample = Sample(
                    second=now - began,
                    cpu=(cpu - spent) / (now - looked),
                    resident_mb=_total(family, _resident) / MIB,
                    files=int(_total(family, psutil.Process.num_fds)),
                    threads=int(_total(family, psutil.Process.num_threads)),
                    tasks=_tasks(self.metrics),
                    machine=(busy - machine) / (now - looked),
                )
            except psutil.NoSuchProcess:
                return
            self.samples.append(sample)
            spent, machine, looked = cpu, busy, now


def _family(root: psutil.Process) -> list[psutil.Process]:
    return [root, *root.children(recursive=True)]


def _total(family: list[psutil.Process], what: Callable[[psutil.Process], float]) -> float:
    """Add up what each process has; the first has to be there, others may have ended."""
    root, *below = family
    total = what(root)
    for child in below:
        with contextlib.suppress(psutil.NoSuchProcess):
            total += what(child)
    return total


def _cpu(process: psutil.Process) -> float:
    """Return the CPU seconds of a process and of those that it has buried."""
    return float(sum(process.cpu_times()[:4]))


def _tasks(metrics: str | None) -> int | None:
    """Return how many tasks the process says that it has; several together say nothing of it."""
    if metrics is None:
        return None
    with contextlib.suppress(requests.RequestException):
        found = _TASKS.search(requests.get(metrics, timeout=1).text)
        return int(found[1]) if found else None
    return None


def _resident(process: psutil.Process) -> int:
    return int(process.memory_info().rss)


def slope(points: list[tuple[float, float]], skip: float = 0.25) -> float:
    """Return by how much a value grows a minute (least squares), a warm-up left out."""
    kept = points[int(len(points) * skip) :]
    if len(kept) < 2:  # noqa: PLR2004 - a line takes two points
        return 0.0
    middle = sum(x for x, _ in kept) / len(kept)
    level = sum(y for _, y in kept) / len(kept)
    spread = sum((x - middle) ** 2 for x, _ in kept)
    return 60 * sum((x - middle) * (y - level) for x, y in kept) / spread if spread else 0.0
