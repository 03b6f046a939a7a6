"""What has to be seen while a fault lasts, and after it.

An expectation is an action, because Chaos Toolkit records the probes of a method without judging
them; `chaos.controls` makes of a failed action a failed experiment. What too few requests show is
nothing, and fails it as well.
"""

import json
import math
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2
from chaoslib.exceptions import ActivityFailed

from chaos.observing import OK, UNAVAILABLE, Seen, enough, p95_ms, read, sent_since, share
from chaos.probes import slack, steady_from
from chaos.state import state

_PATIENCE_S = 5.0
_SETTLING_S = 240.0
_JUDGING_S = 60.0  # what it may take until there are enough requests to judge by


def expect_share(
    kind: str, least: float, seconds: float, within_ms: float | None = None
) -> dict[str, float]:
    """Wait, then require that of the requests of that time at least this share was good."""
    seen = _watched(kind, seconds, enough(least))
    in_time_ms = None if within_ms is None else within_ms * slack()
    found = {"requests": len(seen), "share": share(seen, in_time_ms), "p95_ms": p95_ms(seen)}
    return _required(found["share"] >= least, found, f"{kind}: at least {least} was expected")


def expect_refusals(
    kind: str, seconds: float, within_ms: float, least: float = 0.9
) -> dict[str, float]:
    """Wait, then require that what was refused was refused clearly and soon: 503 + Retry-After."""
    refused = _watched(kind, seconds, enough(least), lambda one: not one.good)
    clearly = [one for one in refused if one.clear]
    soon = [one for one in clearly if one.ms <= within_ms * slack()]
    found = {"refused": len(refused), "clearly": len(clearly), "soon": len(soon)}
    met = len(clearly) == len(refused) and len(soon) >= least * len(refused)
    return _required(met, found, f"{kind}: refusals within {within_ms} ms were expected")


def expect_degraded(seconds: float, least: float = 0.9) -> dict[str, float]:
    """Wait, then require that answers came all the same, and say that no model wrote them.

    The closest passages, or nothing, would have been told without asking a model, too.
    """
    began = time.time()
    composed = _watched("ask", seconds, enough(least), lambda one: one.composed)
    asked = sent_since(read(Path(state()["seen"])), "ask", began)
    degraded = sum(one.degraded for one in composed)
    found = {"composed": len(composed), "degraded": degraded, "share": share(asked)}
    met = found["share"] >= least and degraded == len(composed)
    return _required(met, found, "answers that say they are degraded were expected")


def expect_alive(seconds: float, within_ms: float = 50.0) -> dict[str, float]:
    """Wait, then require that liveness was told at once, whatever else was wrong."""
    seen = _watched("health", seconds, enough(1))
    found = {"requests": len(seen), "share": share(seen), "p95_ms": p95_ms(seen)}
    met = found["share"] == 1 and found["p95_ms"] <= within_ms * slack()
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
    told = httpx2.get(f"{state()['faults']}/proxies/{target}", timeout=_PATIENCE_S).json()
    hits = sum(int(toxic["hits"]) for toxic in told.get("toxics", ()))
    _required(hits > 0, {"hits": hits}, f"{target}: the fault never struck")
    return hits


def recover(within_s: float) -> float:
    """Return the seconds until the steady state was back: ready, and the objectives kept since.

    There have to be enough requests since then to tell.
    """
    place, began, ready_at = state(), time.time(), 0.0
    back_at: float | None = None

    def steady_again() -> bool:
        nonlocal ready_at, back_at
        ready_at = (ready_at or time.time()) if _ready() == OK else 0.0
        back_at = steady_from(read(Path(place["seen"])), ready_at) if ready_at else None
        return back_at is not None

    _until(steady_again, within_s + _JUDGING_S)
    took_s = math.inf if back_at is None else back_at - began
    found = {"ready": bool(ready_at), "seconds": took_s}
    _required(took_s <= within_s, found, f"a steady state within {within_s} s was expected")
    Path(place["recovered"]).write_text(str(back_at), encoding="utf-8")
    return round(took_s, 2)


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


def _watched(
    kind: str, seconds: float, fewest: int, wanted: Callable[[Seen], bool] = lambda _: True
) -> list[Seen]:
    """Wait, and return the requests of a class that were sent and ended meanwhile.

    There must be enough that are wanted; else nothing is shown, and the experiment fails.
    """
    began, path, found = time.time(), Path(state()["seen"]), list[Seen]()

    def all_there() -> bool:
        found[:] = [one for one in sent_since(read(path), kind, began) if wanted(one)]
        return len(found) >= fewest

    time.sleep(seconds)
    if not _until(all_there, _JUDGING_S):
        raise ActivityFailed(f"{kind}: too few to judge, {len(found)} of {fewest}")
    return found


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
