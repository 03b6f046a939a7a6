"""What an experiment does: faults, and what must be seen while they last.

An expectation is an action, because Chaos Toolkit records the probes of a method without judging
them; `chaos.controls` makes of a failed action a failed experiment.
"""

import contextlib
import json
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import httpx2
from chaoslib.exceptions import ActivityFailed

from chaos import azure
from chaos.observing import OK, UNAVAILABLE, Seen, last_failure, p95_ms, read, share, since
from chaos.probes import OBSERVED_S, STEADY, kept
from chaos.state import state

_PATIENCE_S = 5.0
_SETTLING_S = 240.0


Configuration: TypeAlias = dict[str, Any] | None


def inject(target: str, toxic: dict[str, Any], configuration: Configuration = None) -> str:
    """Let something be wrong with the connections to a dependency, as Toxiproxy's toxics are."""
    if _elsewhere(configuration):
        return azure.start(target, str(toxic["type"]), configuration or {})
    said = {"name": toxic["type"], **toxic}
    return _done(httpx2.post(f"{_proxy(target)}/toxics", json=said, timeout=_PATIENCE_S))


def cut_off(target: str, configuration: Configuration = None) -> str:
    """Let a dependency be gone: connections are refused, those that there are end."""
    if _elsewhere(configuration):
        return azure.start(target, "down", configuration or {})
    return _done(httpx2.post(_proxy(target), json={"enabled": False}, timeout=_PATIENCE_S))


def clear(configuration: Configuration = None) -> str:
    """End every fault; there may be none."""
    if _elsewhere(configuration):
        return azure.stop(configuration or {})
    faults = state()["faults"]
    return _done(httpx2.post(f"{faults}/reset", timeout=_PATIENCE_S)) if faults else "no proxies"


def kill(process: str, times: int = 1, every_s: float = 1.5) -> list[int]:
    """Kill a process and all that it started, without warning; it is started again by itself."""
    killed = []
    for n in range(times):
        if n:
            time.sleep(every_s)
        pid = int(state()["processes"][process])
        with contextlib.suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)
            killed.append(pid)
    if not killed:
        raise ActivityFailed(f"no process {process} was there to be killed")
    return killed


def fill_disk() -> int:
    """Fill the file system of the data folder; the bytes that it took."""
    path, written = Path(state()["data"]).parent / "full", 0
    with path.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            written += file.write(b"\0" * 65536)
    if not written:
        raise ActivityFailed("the file system was full already")
    return written


def free_disk() -> str:
    """Give the room back."""
    (Path(state()["data"]).parent / "full").unlink(missing_ok=True)
    return "free"


def poison_queue(messages: int = 20) -> int:
    """Put messages that nobody can read into the queue of jobs."""
    from azure.storage.queue import QueueServiceClient  # noqa: PLC0415 - only here

    version = os.environ["AZURE_STORAGE_API_VERSION"]
    account = os.environ["AZURE_STORAGE_CONNECTION_STRING"]
    with QueueServiceClient.from_connection_string(account, api_version=version) as queues:
        for queue in list(queues.list_queues()):
            for n in range(messages):
                queues.get_queue_client(queue.name).send_message(f"}}{n}: no message of ours{{")
    return messages


def expect_share(
    kind: str, least: float, seconds: float, within_ms: float | None = None
) -> dict[str, float]:
    """Wait, then require that of the requests of that time at least this share was good."""
    seen = _watched(kind, seconds)
    found = {"requests": len(seen), "share": share(seen, within_ms), "p95_ms": p95_ms(seen)}
    return _required(found["share"] >= least, found, f"{kind}: at least {least} was expected")


def expect_refusals(
    kind: str, seconds: float, within_ms: float, least: float = 0.9
) -> dict[str, float]:
    """Wait, then require that what was refused was refused clearly and soon: 503 + Retry-After."""
    seen = _watched(kind, seconds)
    refused = [one for one in seen if not one.good]
    clearly = [one for one in refused if one.clear]
    soon = [one for one in clearly if one.ms <= within_ms]
    found = {"refused": len(refused), "clearly": len(clearly), "soon": len(soon)}
    met = len(refused) > 0 and len(clearly) == len(refused) and len(soon) >= least * len(refused)
    return _required(met, found, f"{kind}: refusals within {within_ms} ms were expected")


def expect_degraded(seconds: float, least: float = 0.9) -> dict[str, float]:
    """Wait, then require that answers came all the same, and say that no model wrote them."""
    asked = _watched("ask", seconds)
    answered = [one for one in asked if one.status == OK]
    degraded = sum(one.degraded for one in answered)
    found = {"answered": len(answered), "degraded": degraded, "share": share(asked)}
    met = found["share"] >= least and degraded > 0
    return _required(met, found, "answers that say they are degraded were expected")


def expect_alive(seconds: float, within_ms: float = 50.0) -> dict[str, float]:
    """Wait, then require that liveness was told at once, whatever else was wrong."""
    seen = _watched("health", seconds)
    found = {"requests": len(seen), "share": share(seen), "p95_ms": p95_ms(seen)}
    met = found["share"] == 1 and found["p95_ms"] <= within_ms
    return _required(met, found, f"liveness within {within_ms} ms was expected")


def expect_unready(naming: str) -> str:
    """Require that readiness is refused, and names what fails."""
    told = _until(lambda: _ready() == UNAVAILABLE, 8)
    page = httpx2.get(f"{state()['url']}/readyz", timeout=_PATIENCE_S)
    checks = page.json().get("checks", {})
    _required(told and checks.get(naming) == "failed", {"checks": str(checks)}, f"not {naming}")
    return str(checks)


def expect_struck(target: str) -> int:
    """Require that the fault of a target struck: else nothing was tried at all."""
    told = httpx2.get(_proxy(target), timeout=_PATIENCE_S).json()
    hits = sum(int(toxic["hits"]) for toxic in told.get("toxics", ()))
    _required(hits > 0, {"hits": hits}, f"{target}: the fault never struck")
    return hits


def recover(within_s: float) -> float:
    """Return the seconds until the steady state was back: ready, no failure, objectives kept.

    It has to last as long as the objectives are looked at; the time is that of its beginning.
    """
    began, ready_at, path = time.time(), 0.0, Path(state()["seen"])

    def well() -> bool:
        nonlocal ready_at
        ready_at = (ready_at or time.time()) if _ready() == OK else 0.0
        seen = read(path)
        whole = time.time() - max(began, last_failure(seen)) >= OBSERVED_S
        return bool(ready_at) and whole and all(kept(seen, one) for one in STEADY)

    if not _until(well, within_s + OBSERVED_S):
        raise ActivityFailed(f"no steady state within {within_s} s, ready: {bool(ready_at)}")
    return round(max(0.0, ready_at - began, last_failure(read(path)) - began), 2)


def find_every_write() -> dict[str, Any]:
    """Let clients finish, and require that nothing acknowledged is lost, doubled or stuck."""
    place = state()
    os.kill(int(place["traffic"]), signal.SIGTERM)
    path = Path(place["found"])
    if not _until(path.is_file, _SETTLING_S + 60):
        raise ActivityFailed("the clients never learned what became of their writes")
    time.sleep(0.2)
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    if found["wrong"]:
        raise ActivityFailed(f"{len(found['wrong'])} wrong: {found['wrong'][:5]}")
    return found


def _watched(kind: str, seconds: float) -> list[Seen]:
    """Wait, and return the requests of a class that ended meanwhile."""
    began = time.time()
    time.sleep(seconds)
    return since(read(Path(state()["seen"])), kind, began)


def _elsewhere(configuration: Configuration) -> bool:
    return (configuration or {}).get("fault_driver") == "azure"


def _proxy(target: str) -> str:
    return f"{state()['faults']}/proxies/{target}"


def _ready() -> int:
    try:
        return httpx2.get(f"{state()['url']}/readyz", timeout=_PATIENCE_S).status_code
    except httpx2.TransportError:
        return 0


def _until(true: Callable[[], bool], seconds: float) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if true():
            return True
        time.sleep(0.2)
    return False


def _required(met: bool, found: dict[str, Any], otherwise: str) -> dict[str, Any]:  # noqa: FBT001
    if not met:
        raise ActivityFailed(f"{otherwise}, found {found}")
    return found


def _done(response: httpx2.Response) -> str:
    if response.is_error:
        raise ActivityFailed(f"the fault was not set: {response.status_code} {response.text}")
    return response.text
