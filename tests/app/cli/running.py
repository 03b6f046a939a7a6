"""Runs the command line as people do: a process, an environment, a folder."""

import contextlib
import io
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, MutableMapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from app.cli import main
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
        """Run a command in this process: much quicker, and the same code from `main` on."""
        out, err = io.StringIO(), io.StringIO()
        with (
            contextlib.chdir(self.folder),
            _exactly(os.environ, self.environment(settings)),
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
        ):
            code = _main(["eva", *arguments])
        return Ran(code, out.getvalue(), err.getvalue())

    def process(self, *arguments: str, **settings: str) -> Ran:
        """Run a command in a process of its own."""
        done = subprocess.run(
            [sys.executable, "-m", "app.cli", *arguments],
            cwd=self.folder,
            env=self.environment(settings),
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
        )
        return Ran(done.returncode, done.stdout, done.stderr)

    def environment(self, settings: Mapping[str, str]) -> dict[str, str]:
        return {**without_settings(), **self.settings, **settings}


def _main(arguments: list[str]) -> int:
    before = sys.argv, sys.stdin
    sys.argv, sys.stdin = arguments, io.StringIO()
    try:
        main()
    except SystemExit as end:
        return int(end.code or 0)
    finally:
        sys.argv, sys.stdin = before
    return 0


@contextlib.contextmanager
def _exactly(environment: MutableMapping[str, str], wanted: Mapping[str, str]) -> Iterator[None]:
    before = dict(environment)
    try:
        environment.clear()
        environment.update(wanted)
        yield
    finally:
        environment.clear()
        environment.update(before)


def without_settings() -> dict[str, str]:
    """This process's environment without any of our settings."""
    return {name: value for name, value in os.environ.items() if name not in known_names()}
