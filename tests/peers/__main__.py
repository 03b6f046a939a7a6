"""`python -m tests.peers`: every peer until Ctrl+C; with a command behind it, until that ends.

`--app`: the service and its worker on them as well, where the command finds them.
`--load`: the same, but the service works too, as it does on App Service, and no proxies are in
between, whose work would count.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from tests.peers import node
from tests.peers.oidc import peer as oidc
from tests.peers.programs import Running
from tests.peers.redis import PROGRAM as REDIS
from tests.peers.serving import Served, serving
from tests.peers.together import Together, together

_PORT = 8000
_APP, _LOAD = "--app", "--load"
_ENVIRONMENT = "environment"


def main(arguments: list[str]) -> int:
    """Run; the exit code is the command's."""
    if why := node.missing() or ("" if REDIS else "NOT RUN: redis-server is absent"):
        sys.exit(why)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    node.install()
    oidc.install()
    with (
        contextlib.suppress(KeyboardInterrupt),
        _folder() as folder,
        together(folder, direct=arguments[:1] == [_LOAD]) as peers,
    ):
        _table(peers)
        if arguments and arguments[0] in (_APP, _LOAD):
            return _with_application(peers, arguments[1:], both=arguments[0] == _LOAD)
        if arguments:
            return _ran(arguments, peers.settings)
        _environment(peers)
        signal.pause()
    return 0


@contextlib.contextmanager
def _folder() -> Iterator[Path]:
    """Lend the folder that PEERS_FOLDER names, which stays, or one that is removed at the end."""
    if named := os.environ.get("PEERS_FOLDER"):
        Path(named, _ENVIRONMENT).unlink(missing_ok=True)  # it tells that all are ready
        yield Path(named)
        return
    with tempfile.TemporaryDirectory(prefix="eva-peers-") as made:
        yield Path(made)


def _with_application(peers: Together, command: list[str], *, both: bool) -> int:
    with serving(peers, 0 if command else _PORT, both=both) as served:
        for one in served.processes:
            _say(_line(one))
        if command:
            found = {"EVA_URL": served.url, "EVA_API_KEY": served.key}
            tests = {"EVA_E2E_URL": served.url, "EVA_E2E_KEY": served.key}
            stranger = {"EVA_E2E_OTHER_TOKEN": peers.strangers_token()}
            return _ran(command, {**found, **tests, **stranger})
        _try(peers, served)
        signal.pause()
    return 0


def _ran(command: list[str], settings: Mapping[str, str]) -> int:
    return subprocess.run(command, env={**os.environ, **settings}, check=False).returncode


def _table(peers: Together) -> None:
    """Print where everything is."""
    _say(f"{'service':<10}{'at':<27}{'through its proxy':<27}{'pid':>8}{'ready ms':>10}")
    for one in peers.peers:
        for name, url in one.urls.items():
            home, front = peers.homes.get(name, url), peers.fronts.get(name, "")
            _say(f"{name:<10}{home:<27}{front:<27}{one.pid:>8}{one.ready_ms:>10}")


def _environment(peers: Together) -> None:
    at = peers.folder / _ENVIRONMENT
    lines = [f"export {name}='{value}'\n" for name, value in peers.settings.items()]
    at.write_text("".join(lines))
    _say(f"\n. {at}      sets what a service needs to work on them. Ctrl+C stops all.")


def _line(one: Running) -> str:
    return f"{one.name:<10}{one.url:<54}{one.pid:>8}{one.ready_ms:>10}"


def _try(peers: Together, served: Served) -> None:
    eva = shutil.which("eva") or "eva"
    _say(f"""
The API answers at {served.url}, on the peers, through their proxies. Try, in another terminal:

  export EVA_URL={served.url} EVA_API_KEY={served.key}
  {eva} demo
  curl -s {served.url}/readyz
  curl -s {peers.faults.url}/proxies/models -d '{{"enabled": false}}'   # the model is gone
  curl -s -X POST {peers.faults.url}/reset                            # and is back

Ctrl+C stops all.""")


def _say(line: str) -> None:
    print(line, flush=True)  # noqa: T201 - it is a command


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
