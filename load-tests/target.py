"""The service under load: one that is there already, or one that is started, and what it is asked.

It is known by its address, its administrator's key and, if it runs here, its process.
"""

import contextlib
import os
import re
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import corpus
import requests
from plan import Seeds

API = "/api/v1"
SPACES, DOCUMENTS_EACH, KEYS = 8, 12, 10
_KEY = re.compile(r"eva_[0-9A-Za-z]+_[0-9A-Za-z_-]{16,}")
_STARTING_S, _READING_S = 60, 300
_PORTS = range(20_000, 32_000)  # below those that systems give out


class TargetError(Exception):
    """The service could not be started or prepared; the text says why."""


@dataclass(frozen=True)
class Target:
    """Where to send requests, with which key; `pid` if the service runs on this machine.

    `metrics` is where it shows its metrics to Prometheus, if it does so here.
    """

    url: str
    key: str
    pid: int | None = None
    metrics: str | None = None


@contextlib.contextmanager
def started(folder: Path, command: Sequence[str] | None = None) -> Iterator[Target]:
    """Start `eva serve` on an empty data folder, and stop it in the end."""
    port, metrics = free_port(), free_port()
    own = {"EVA_DATA_DIR": str(folder / "data"), "EVA_PORT": str(port), "EVA_HOST": "127.0.0.1"}
    own |= {"EVA_METRICS_PORT": str(metrics), "EVA_LOG_LEVEL": "warning"}
    log = folder / "service.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            command or [str(Path(sys.executable).with_name("eva")), "serve"],
            env={**os.environ, **own},
            stdout=out,
            stderr=out,
            stdin=subprocess.DEVNULL,
        )
    try:
        yield Target(
            url=f"http://127.0.0.1:{port}",
            key=_key(process, port, log),
            pid=process.pid,
            metrics=f"http://127.0.0.1:{metrics}/metrics",
        )
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def free_port() -> int:
    """Return a port that nobody listens on now, and that nobody gets who asks for any."""
    while True:
        port = secrets.choice(_PORTS)
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port


def _key(process: subprocess.Popen[bytes], port: int, log: Path) -> str:
    """Wait until the service answers; return the administrator's key that it printed."""
    until = time.monotonic() + _STARTING_S
    while time.monotonic() < until and process.poll() is None:
        found = _KEY.search(log.read_text(errors="replace"))
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", port), 1).close()
            if found:
                return found[0]
        time.sleep(0.1)
    raise TargetError(f"the service did not start:\n{log.read_text(errors='replace')[-2000:]}")


def seeded(target: Target) -> Seeds:
    """Fill the service: keys, spaces, documents that are read, and questions about them."""
    with requests.Session() as http:
        http.headers["X-API-Key"] = target.key
        keys = [
            _made(
                http,
                f"{target.url}{API}/auth/api-keys",
                {"name": f"load {n}", "scopes": ["admin:all"]},
            )
            for n in range(KEYS)
        ]
        spaces = [
            str(_made(http, f"{target.url}{API}/spaces", {"name": f"Load {n}"})["id"])
            for n in range(SPACES)
        ]
        with ThreadPoolExecutor(4) as hands:
            numbers = range(SPACES * DOCUMENTS_EACH)
            places = [(http, target, spaces[n % SPACES], n) for n in numbers]
            documents = list(hands.map(lambda one: _uploaded(*one), places))
        for document_id in documents:
            _until_ready(http, f"{target.url}{API}/documents/{document_id}")
    return Seeds(
        keys=tuple(str(key["token"]) for key in keys),
        spaces=tuple(spaces),
        documents=tuple(documents),
        questions=corpus.questions(SPACES * DOCUMENTS_EACH),
    )


def _made(http: requests.Session, url: str, body: dict[str, Any]) -> dict[str, Any]:
    answer = http.post(url, json=body, timeout=30)
    if answer.status_code != 201:  # noqa: PLR2004 - created
        raise TargetError(f"POST {url}: {answer.status_code} {answer.text[:300]}")
    told: dict[str, Any] = answer.json()
    return told


def _uploaded(http: requests.Session, target: Target, space_id: str, number: int) -> str:
    url = f"{target.url}{API}/spaces/{space_id}/documents"
    files = {"file": (f"rules-{number}.txt", corpus.text(number).encode(), "text/plain")}
    answer = http.post(url, files=files, timeout=60)
    if answer.status_code != 202:  # noqa: PLR2004 - accepted
        raise TargetError(f"POST {url}: {answer.status_code} {answer.text[:300]}")
    return str(answer.json()["id"])


def _until_ready(http: requests.Session, url: str) -> None:
    until = time.monotonic() + _READING_S
    while time.monotonic() < until:
        told = http.get(url, timeout=30).json()
        if told["status"] == "ready":
            return
        if told["status"] == "failed":
            raise TargetError(f"{url}: not read: {told['reason']}")
        time.sleep(0.1)
    raise TargetError(f"{url}: not read in time")
