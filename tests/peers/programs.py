"""Programs that run beside us: started until they say they are ready, stopped by their id."""

import contextlib
import os
import re
import secrets
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

ROOT = Path(__file__).parents[2]
_START_S = 90  # on a loaded machine
_STOP_S = 30
_PORTS = range(20_000, 32_000)  # below those that systems give out


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """How a peer is started; it is ready once every pattern of `ready` stands in its output.

    Each pattern's first group is an address of the peer, or the port of one, by the pattern's name.
    """

    name: str
    command: Sequence[str | Path]
    ready: Mapping[str, str]
    env: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A peer that runs. `urls` are its addresses by the name of its service."""

    name: str
    urls: Mapping[str, str]
    pid: int
    ready_ms: int
    log: Path

    @property
    def url(self) -> str:
        """Return its first address."""
        return next(iter(self.urls.values()))


@contextlib.contextmanager
def running(program: Program, folder: Path) -> Iterator[Running]:
    """Run a peer for the duration of the context; its output goes into the folder."""
    log = folder / f"{program.name}.log"
    begun = time.monotonic()
    with log.open("wb") as output:
        process = subprocess.Popen(
            program.command,
            cwd=ROOT,
            env={**os.environ, **program.env},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl+C is for us: we stop them in order
        )
    try:
        urls = _ready(program, process, log)
        yield Running(
            name=program.name,
            urls=urls,
            pid=process.pid,
            ready_ms=round((time.monotonic() - begun) * 1000),
            log=log,
        )
    finally:
        _stop(process)


def _ready(program: Program, process: subprocess.Popen[bytes], log: Path) -> Mapping[str, str]:
    """Wait for what the program says when it is ready."""
    until = time.monotonic() + _START_S
    while time.monotonic() < until:
        ended = process.poll() is not None
        said = log.read_text(errors="replace")
        found = {name: re.search(pattern, said) for name, pattern in program.ready.items()}
        urls = {name: _address(hit[1]) for name, hit in found.items() if hit}
        if len(urls) == len(found) and all(map(_listens, urls.values())):
            return urls
        if ended:
            raise RuntimeError(f"{program.name} ended: {said[-2000:]}")
        time.sleep(0.02)
    raise TimeoutError(f"{program.name} is not ready after {_START_S} s: {log}")


def _address(said: str) -> str:
    return f"http://127.0.0.1:{said}" if said.isdecimal() else said


def _listens(url: str) -> bool:
    """Tell whether anybody is at an address: some programs say so a little early."""
    where = urlsplit(url)
    with (
        contextlib.suppress(OSError),
        socket.create_connection((where.hostname or "", where.port or 0), 1),
    ):
        return True
    return False


def free_port() -> int:
    """Return a port that nobody listens on, and that nobody else gets who asks for one.

    It stays bound here as long as this process runs: a server that sets SO_REUSEADDR, as servers
    do, listens on it all the same, whenever and as often as it is started.
    """
    while True:
        with contextlib.suppress(OSError), socket.socket() as bound:
            bound.bind(("127.0.0.1", secrets.choice(_PORTS)))
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            port: int = bound.getsockname()[1]
            bound.detach()
            return port


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(_STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
