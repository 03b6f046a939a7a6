"""`python -m tests.peers`: every peer until Ctrl+C; with a command behind it, until that ends.

`--app`: the service and its worker on them as well.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.peers import node
from tests.peers.oidc import peer as oidc
from tests.peers.programs import ROOT, Program, Running, free_port, running
from tests.peers.redis import PROGRAM as REDIS
from tests.peers.together import Together, together


def main(arguments: list[str]) -> int:
    """Run; the exit code is the command's."""
    if why := node.missing() or ("" if REDIS else "NOT RUN: redis-server is absent"):
        sys.exit(why)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    node.install()
    oidc.install()
    with (
        contextlib.suppress(KeyboardInterrupt),
        tempfile.TemporaryDirectory(prefix="eva-peers-") as folder,
        together(Path(folder)) as peers,
    ):
        _table(peers)
        if arguments == ["--app"]:
            with _application(peers) as url:
                _say(f"\nThe API answers at {url}, on the peers, through their proxies.")
                _try(peers, url)
                signal.pause()
        elif arguments:
            environment = {**os.environ, **peers.settings, "PEERS_FAULTS_URL": peers.faults.url}
            return subprocess.run(arguments, env=environment, check=False).returncode
        else:
            _environment(peers)
            signal.pause()
    return 0


def _table(peers: Together) -> None:
    """Print where everything is."""
    _say(f"{'service':<10}{'at':<27}{'through its proxy':<27}{'pid':>8}{'ready ms':>10}")
    for one in peers.peers:
        for name, url in one.urls.items():
            front = peers.fronts.get(name, "")
            _say(f"{name:<10}{url:<27}{front:<27}{one.pid:>8}{one.ready_ms:>10}")


def _environment(peers: Together) -> None:
    at = peers.folder / "environment"
    lines = [f"export {name}='{value}'\n" for name, value in peers.settings.items()]
    at.write_text("".join(lines))
    _say(f"\n. {at}      sets what a service needs to work on them. Ctrl+C stops all.")


@contextlib.contextmanager
def _application(peers: Together) -> Iterator[str]:
    """Make database, containers and queues, then run the service and its worker."""
    eva = [sys.executable, "-m", "app.cli"]
    environment = {**peers.settings, "EVA_WORKER": "false"}
    made = subprocess.run(
        [*eva, "azure", "init"], env={**os.environ, **environment}, cwd=ROOT, check=False
    )
    if made.returncode:
        sys.exit(made.returncode)
    port = str(free_port())
    serve = Program(
        name="serve",
        command=[*eva, "serve", "--port", port],
        ready={"serve": r"answers at (http://\S+)"},
        env=environment,
    )
    worker = Program(
        name="worker",
        command=[*eva, "worker"],
        ready={"worker": r"working on Cosmos DB: (\S+);"},
        env=environment,
    )
    with running(serve, peers.folder) as one, running(worker, peers.folder) as other:
        _say(_line(one))
        _say(_line(other))
        yield one.url


def _line(one: Running) -> str:
    return f"{one.name:<10}{one.url:<54}{one.pid:>8}{one.ready_ms:>10}"


def _try(peers: Together, url: str) -> None:
    eva = shutil.which("eva") or "eva"
    _say(f"""
Try, in another terminal, with the key printed above:
  export EVA_URL={url} EVA_API_KEY=…
  {eva} demo
  curl -s {url}/readyz
  curl -s {peers.faults.url}/proxies/models/toxics -d '{{"type":"timeout"}}'   # the model is gone
  curl -s -X POST {peers.faults.url}/reset                                     # and is back

Ctrl+C stops all.""")


def _say(line: str) -> None:
    print(line, flush=True)  # noqa: T201 - it is a command


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
