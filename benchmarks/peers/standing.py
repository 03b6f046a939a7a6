"""What every peer gives to the benchmark: a running server and the requests to put to it."""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx2
from api_processes import Server
from peers.setup import program

Sound = Callable[[str], bool]  # tells whether a response body holds what was asked for


@dataclass(frozen=True)
class Question:
    """One way to ask a peer; `says` tells what an answer includes."""

    label: str
    says: str
    requests: tuple[str, ...]
    sound: Sound


@dataclass(frozen=True)
class Standing:
    """A peer that holds the corpus."""

    name: str
    server: Server
    ingest_s: float
    passages: int
    questions: Sequence[Question]


class AbsentError(Exception):
    """The peer is not installed."""


def need(peer: str, name: str) -> str:
    """Return the path of a peer's program; AbsentError, saying what to do, if it is not there."""
    path = program(peer, name)
    if not path.exists():
        raise AbsentError(f"{peer} is not installed: run `python benchmarks/peers/setup.py {peer}`")
    return str(path)


@contextlib.contextmanager
def client(port: int, **headers: str) -> Iterator[httpx2.Client]:
    """Open a client for setting up; it raises on any error status."""

    def refuse(response: httpx2.Response) -> None:
        if response.is_error:
            response.read()
            raise RuntimeError(
                f"{response.request.url}: {response.status_code} {response.text[:300]}"
            )

    hooks = {"response": [refuse]}
    with httpx2.Client(
        base_url=f"http://127.0.0.1:{port}",
        headers=headers,
        timeout=600,
        event_hooks=hooks,
        trust_env=False,
    ) as opened:
        yield opened


def folder(root: Path, name: str) -> Path:
    made = root / name
    made.mkdir(parents=True, exist_ok=True)
    return made
