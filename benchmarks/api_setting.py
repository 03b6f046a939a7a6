"""What a row is told: how long to measure, where to keep files, whom to tell of progress."""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class Setting:
    """One run of the benchmark."""

    root: Path
    quick: bool = False
    full: bool = False
    chunks: int = 5000

    def pick(self, *, quick: T, usual: T) -> T:
        return quick if self.quick else usual

    def folder(self, name: str) -> Path:
        made = self.root / name
        made.mkdir(parents=True, exist_ok=True)
        return made

    def say(self, text: str) -> None:
        print(text, file=sys.stderr, flush=True)
