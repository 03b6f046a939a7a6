"""Runs the command line as people do: a process, an environment, a folder."""

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from app.settings import known_names

NOWHERE = "http://127.0.0.1:9"  # the discard port: nothing listens there


@dataclass(frozen=True)
class Ran:
    """What one run printed and how it ended."""

    code: int
    out: str
    err: str

    @property
    def data(self) -> Any:
        return orjson.loads(self.out)


@dataclass(frozen=True)
class Eva:
    """`eva`, in a folder and with settings of its own."""

    folder: Path
    settings: Mapping[str, str]

    def __call__(self, *arguments: str, **settings: str) -> Ran:
        done = subprocess.run(
            [sys.executable, "-m", "app.cli", *arguments],
            cwd=self.folder,
            env={**without_settings(), **self.settings, **settings},
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
        )
        return Ran(done.returncode, done.stdout, done.stderr)


def without_settings() -> dict[str, str]:
    """This process's environment without any of our settings."""
    return {name: value for name, value in os.environ.items() if name not in known_names()}
