"""A service started as an operator starts it: `eva serve` on a data folder, and its clients."""

import contextlib
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx2

EVA = (sys.executable, "-m", "app.cli")
_STOP_S = 60


class DrillError(Exception):
    """A drill can't go on; the text says why."""


@dataclass
class Service:
    """A running service and what it said when it started."""

    process: "subprocess.Popen[str]"
    url: str
    token: str | None

    def kill(self) -> None:
        """End it as a power cut would."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def client(self, token: str) -> httpx2.Client:
        """Return a client of its API."""
        headers = {"X-API-Key": token}
        return httpx2.Client(base_url=f"{self.url}/api/v1", headers=headers, timeout=90)


def environment(data: Path) -> dict[str, str]:
    """Return this environment with no setting of EVA's but a data folder and a free port."""
    kept = {n: v for n, v in os.environ.items() if not n.startswith(("EVA_", "AZURE_", "REDIS_"))}
    return {**kept, "EVA_DATA_DIR": str(data), "EVA_PORT": "0"}


def run(data: Path, *arguments: str) -> str:
    """Run a command of `eva` on a data folder; DrillError if it fails."""
    done = subprocess.run(
        [*EVA, *arguments], env=environment(data), capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise DrillError(f"eva {' '.join(arguments)}: {done.stderr or done.stdout}")
    return done.stdout


@contextlib.contextmanager
def serving(data: Path) -> Iterator[Service]:
    """Serve a data folder for the duration of the context."""
    with (data.parent / f"{data.name}.log").open("w") as log:
        process = subprocess.Popen(
            [*EVA, "serve"], env=environment(data), stdout=subprocess.PIPE, stderr=log, text=True
        )
        try:
            yield _announced(process)
        finally:
            process.terminate()
            process.communicate(timeout=_STOP_S)


def _announced(process: "subprocess.Popen[str]") -> Service:
    said = ""
    for line in process.stdout or ():
        said += line
        if "eva ask" in line:
            break
    url = re.search(r"http://\S+", said)
    if url is None:
        raise DrillError(f"the service did not start: {said}")
    token = re.search(r"^ +(eva_\w+)$", said, re.MULTILINE)
    return Service(process, url[0], token[1] if token else None)
