"""The service and its worker as programs of their own, on the peers."""

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tests.peers.programs import ROOT, Program, Running, running
from tests.peers.together import Together

CORES = len(os.sched_getaffinity(0))
_EVA = [sys.executable, "-m", "app.cli"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """A service that answers; `key` is its administrator's."""

    url: str
    key: str
    processes: tuple[Running, Running]


@contextlib.contextmanager
def serving(
    peers: Together, port: int = 0, *, both: bool = False, count: int = CORES
) -> Iterator[Served]:
    """Prepare the peers, then run service and worker for the duration of the context.

    `both`: the service works too and answers what it is asked itself, as it does on App Service, in
    `count` processes; documents are left to the worker.
    """
    working = {"EVA_WORKER": "true" if both else "false", "EVA_INGEST_PLACES": "0"}
    if both:
        working["EVA_PROCESSES"] = str(count)
    serve = Program(
        name="serve",
        command=[*_EVA, "serve", "--port", str(port)],
        ready={"serve": r"answers at (http://\S+)"},
        env={**peers.settings, **working},
    )
    worker = Program(
        name="worker",
        command=[*_EVA, "worker"],
        ready={"cosmos": r"working on Cosmos DB: (\S+);"},
        env=peers.settings,
    )
    key = _prepared(peers.settings)
    with running(serve, peers.folder) as one, running(worker, peers.folder) as other:
        yield Served(url=one.url, key=key, processes=(one, other))


def _prepared(settings: Mapping[str, str]) -> str:
    """Make what the service needs; return the administrator's key."""
    done = subprocess.run(
        [*_EVA, "azure", "init", "--json"],
        cwd=ROOT,
        env={**os.environ, **settings},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"eva azure init: {done.stdout}{done.stderr}")
    key: str = json.loads(done.stdout)["administrator_key"]
    return key
