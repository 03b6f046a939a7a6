"""Tools at work: each in a session of its own, so that an interrupt reaches it once, from here."""

import contextlib
import os
import shutil
import signal
import subprocess
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

NOT_FOUND = 127


@dataclass(slots=True)
class Tools:
    """The tools that run now. After `stop` they are ending, and what they leave is not whole."""

    stopped: threading.Event = field(default_factory=threading.Event)
    _running: set[subprocess.Popen[bytes]] = field(default_factory=set)

    def call(
        self, argv: Sequence[str], root: Path, environ: Mapping[str, str], log: Path | None
    ) -> int:
        """Run a tool to its end and return its code; its output goes to the terminal or a log."""
        program = shutil.which(argv[0], path=environ["PATH"])
        if program is None:
            return NOT_FOUND
        command = [program, *argv[1:]]
        if log is None:
            return subprocess.run(command, cwd=root, env=environ, check=False).returncode
        with log.open("wb") as output:
            process = subprocess.Popen(
                command,
                cwd=root,
                env=environ,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            self._running.add(process)
            if self.stopped.is_set():
                _signal(process, signal.SIGINT)
            try:
                return process.wait()
            finally:
                self._running.discard(process)
                if self.stopped.is_set():
                    _signal(process, signal.SIGKILL)  # what is left of what it started

    def stop(self) -> None:
        """Interrupt every tool with all that it started; what outlives its tool is killed."""
        self.stopped.set()
        for process in list(self._running):
            _signal(process, signal.SIGINT)


def _signal(process: subprocess.Popen[bytes], what: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, what)
