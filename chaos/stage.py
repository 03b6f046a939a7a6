"""The service on this machine, kept running the way a platform does, for one experiment.

What the experiment has to know (addresses, process ids, files) stands in a file of JSON, anew each
time that a process is started again.
"""

import contextlib
import json
import os
import re
import secrets
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2

FAULTS = "PEERS_FAULTS_URL"  # the variable that says where faults are set
_PORTS = range(20_000, 32_000)  # below those that systems give out
_START_S = 90.0
_RESTART_S = 0.5  # after which a platform starts what died
_STOP_S = 120.0  # traffic finishes its writes and looks at all that was acknowledged
_KEY = re.compile(r"EVA_API_KEY=(eva_\S+)")


class StageError(Exception):
    """The service does not start here; the text says what it said."""


@dataclass
class Stage:
    """Where an experiment takes place. `processes` are kept running; `state` is the file."""

    folder: Path
    settings: Mapping[str, str]
    url: str = ""
    key: str = ""
    clients: Sequence[str] = ()  # how the clients are, as arguments
    commands: dict[str, list[str]] = field(default_factory=dict)
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    traffic: subprocess.Popen[bytes] | None = None
    restarts: int = 0
    _over: threading.Event = field(default_factory=threading.Event)

    @property
    def state(self) -> Path:
        """Return the file that tells of it."""
        return self.folder / "state.json"

    def log(self, name: str) -> Path:
        """Return what a process wrote."""
        return self.folder / f"{name}.log"

    def start(self, name: str, command: list[str]) -> None:
        """Start a process, now and whenever it ends."""
        self.commands[name] = command
        with self.log(name).open("ab") as log:
            self.processes[name] = subprocess.Popen(
                command,
                env={**os.environ, **self.settings},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.tell()

    def tell(self) -> None:
        """Write down where everything is."""
        told: dict[str, Any] = {
            "url": self.url,
            "folder": str(self.folder),
            "data": self.settings.get("EVA_DATA_DIR", ""),
            "queues": self.settings.get("AZURE_STORAGE_QUEUE_PREFIX", ""),
            "faults": os.environ.get(FAULTS, ""),
            "processes": {name: one.pid for name, one in self.processes.items()},
            "traffic": self.traffic.pid if self.traffic else 0,
            "seen": str(self.folder / "seen.jsonl"),
            "found": str(self.folder / "found.json"),
            "recovered": str(self.folder / "recovered"),
        }
        draft = self.state.with_suffix(".draft")
        draft.write_text(json.dumps(told), encoding="utf-8")
        draft.replace(self.state)

    def watch(self) -> None:
        """Start again what died, until it is over."""
        while not self._over.wait(_RESTART_S):
            for name, process in list(self.processes.items()):
                if process.poll() is not None:
                    self.restarts += 1
                    self.start(name, self.commands[name])

    def stop(self) -> None:
        """Stop everything."""
        self._over.set()
        for one in (self.traffic, *self.processes.values()):
            if one is not None and one.poll() is None:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(one.pid, signal.SIGKILL if one is self.traffic else signal.SIGTERM)
                with contextlib.suppress(subprocess.TimeoutExpired):
                    one.wait(20)
            if one is not None:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(one.pid, signal.SIGKILL)


def _free_port() -> int:
    """Return a port that nobody listens on, and that nobody gets who asks for any."""
    while True:
        port = secrets.choice(_PORTS)
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port


@contextlib.contextmanager
def staged(
    folder: Path, settings: Mapping[str, str], clients: Sequence[str] = ()
) -> Iterator[Stage]:
    """Run the service, its worker and its clients for the duration of the context."""
    port = _free_port()
    folder.mkdir(parents=True)
    on_peers = settings["EVA_BACKEND"] == "azure"
    if on_peers:
        _require_peers()
    own = {"EVA_PORT": str(port), "EVA_LOG_LEVEL": "warning", "NO_COLOR": "1", "EVA_WORKER": "off"}
    url = f"http://127.0.0.1:{port}"
    stage = Stage(folder, {**settings, **own}, url=url, clients=clients)
    eva = [sys.executable, "-m", "app.cli"]
    try:
        if on_peers:
            stage.key = _made(eva, stage)
        stage.start("api", [*eva, "serve"])
        _answers(stage)
        stage.key = stage.key or _key(stage)
        stage.start("worker", [*eva, "worker"])
        threading.Thread(target=stage.watch, daemon=True).start()
        _clients(stage)
        yield stage
    finally:
        stage.stop()


def _require_peers() -> None:
    if not {FAULTS, "AZURE_COSMOS_ENDPOINT"} <= os.environ.keys():
        raise StageError("needs the peers and their fault proxies: see chaos/README.md")


def _made(eva: list[str], stage: Stage) -> str:
    """Prepare the peers; the administrator's key."""
    done = subprocess.run(
        [*eva, "azure", "init", "--json"],
        env={**os.environ, **stage.settings},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise StageError(done.stderr)
    return str(json.loads(done.stdout)["administrator_key"])


def _answers(stage: Stage) -> None:
    """Return once the service is alive."""
    until = time.monotonic() + _START_S
    while time.monotonic() < until and stage.processes["api"].poll() is None:
        with contextlib.suppress(httpx2.TransportError):
            if httpx2.get(f"{stage.url}/livez").is_success:
                return
        time.sleep(0.1)
    raise StageError(f"the service did not start: {stage.log('api').read_text()[-2000:]}")


def _key(stage: Stage) -> str:
    """Return the administrator's key, which the embedded backend shows soon after its start."""
    for _ in range(100):
        said = stage.log("api").read_text(encoding="utf-8", errors="replace")
        if found := _KEY.search(said):
            return found.group(1)
        time.sleep(0.1)
    raise StageError("the service showed no key")


def _token(stage: Stage) -> str:
    """Return an access token of the issuer that the service trusts; "" if it trusts none."""
    trusted = json.loads({**os.environ, **stage.settings}.get("EVA_OIDC_ISSUERS", "[]"))
    if not trusted:
        return ""
    tenant = next(iter(trusted[0]["tenants"]))
    claims = {"tid": tenant, "sub": "experiment", "roles": ["admin"]}
    form = {"grant_type": "client_credentials", "claims_json": json.dumps(claims)}
    told = httpx2.post(f"{trusted[0]['issuer']}/token", data=form, auth=("daemon", "secret"))
    if told.is_error:
        raise StageError(f"the issuer gave no token: {told.text}")
    return str(told.json()["access_token"])


def _clients(stage: Stage) -> None:
    command = [sys.executable, "-m", "chaos.traffic", "--url", stage.url, *stage.clients]
    command += ["--seen", str(stage.folder / "seen.jsonl"), "--found"]
    with stage.log("traffic").open("wb") as log:
        stage.traffic = subprocess.Popen(
            [*command, str(stage.folder / "found.json")],
            env={**os.environ, "CHAOS_KEY": stage.key, "CHAOS_TOKEN": _token(stage)},
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    stage.tell()
