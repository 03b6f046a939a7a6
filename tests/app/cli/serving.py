"""Runs `eva serve` as an operator does, and reads from its output what an operator reads."""

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.app.cli.running import Eva, without_settings

STOP_S = 60


@dataclass
class Served:
    """A running service and what it printed when it was up."""

    process: "subprocess.Popen[str]"
    url: str
    token: str | None
    said: str

    def client(self, folder: Path, token: str | None = None) -> Eva:
        """The command line of somebody with a key."""
        key = token or self.token or ""
        return Eva(folder, {"EVA_URL": self.url, "EVA_API_KEY": key})


@contextmanager
def serving(folder: Path, **settings: str) -> Iterator[Served]:
    """Serve a data folder on a free port for the duration of the context."""
    data = {"EVA_DATA_DIR": str(folder / "data"), "EVA_PORT": "0"}
    with (folder / "server.log").open("w+") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "app.cli", "serve"],
            cwd=folder,
            env={**without_settings(), **data, **settings},
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
        try:
            yield _announced(process, folder / "server.log")
        finally:
            process.terminate()
            process.communicate(timeout=STOP_S)


def _announced(process: "subprocess.Popen[str]", log: Path) -> Served:
    said = ""
    for line in process.stdout or ():
        said += line
        if "eva ask" in line:
            break
    url = re.search(r"http://\S+", said)
    if url is None:
        raise RuntimeError(f"the service did not start:\n{said}{log.read_text()}")
    token = re.search(r"^ +(eva_\w+)$", said, re.MULTILINE)
    return Served(process, url[0], token[1] if token else None, said)


@contextmanager
def working(folder: Path) -> Iterator[None]:
    """Run `eva worker` on the same data folder; it has to end well."""
    process = subprocess.Popen(
        [sys.executable, "-m", "app.cli", "worker"],
        cwd=folder,
        env={**without_settings(), "EVA_DATA_DIR": str(folder / "data")},
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield
    finally:
        process.terminate()
        _, said = process.communicate(timeout=STOP_S)
    assert process.returncode == 0, said
    assert said.endswith("stopped\n")
