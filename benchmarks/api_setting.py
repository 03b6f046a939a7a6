"""What a row is told: how long to measure, where to keep files, whom to tell of progress."""

import os
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")
QUIET = 0.25  # cores that others may take while something is measured
TICKS = os.sysconf("SC_CLK_TCK")


def busy() -> float:
    """Return the seconds that all the machine's cores have worked so far."""
    fields = Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]
    idle = int(fields[3]) + int(fields[4])
    return (sum(map(int, fields[:8])) - idle) / TICKS


@dataclass(frozen=True)
class Setting:
    """One run of the benchmark."""

    root: Path
    quick: bool = False
    full: bool = False
    chunks: int = 5000
    patience: list[float] = field(default_factory=lambda: [0.0])  # seconds left, of one run

    def pick(self, *, quick: T, usual: T) -> T:
        return quick if self.quick else usual

    def folder(self, name: str) -> Path:
        made = self.root / name
        made.mkdir(parents=True, exist_ok=True)
        return made

    def quiet(self) -> None:
        """Wait for a moment in which nobody else computes, as long as patience lasts."""
        while self.patience[0] > 0:
            before, began = busy(), time.perf_counter()
            time.sleep(1.0)
            took = time.perf_counter() - began
            if (busy() - before) / took < QUIET:
                return
            self.patience[0] -= took

    def say(self, text: str) -> None:
        print(text, file=sys.stderr, flush=True)
