"""The steady state: what the objectives promise, as clients saw it in the last seconds.

The numbers are those of `dashboards/steady-states.json`, generated from the objectives.
"""

import json
import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from chaos.observing import Seen, read, share, since
from chaos.state import state

_STATES = Path(__file__).parents[1] / "dashboards" / "steady-states.json"
_PATIENCE_S = 30.0
OBSERVED_S = 4.0  # how long a state has to last to be called steady
STEADY = ("availability", "read-latency", "ask-latency")


def keeps(objective: str) -> bool:
    """Tell whether an objective was kept in the last seconds in which there were clients.

    While there are, it may take a while until it is: another program may have had the machine.
    """
    place, until = state(), time.monotonic() + _PATIENCE_S
    while not (met := kept(read(Path(place["seen"])), objective)):
        if Path(place["found"]).exists() or time.monotonic() >= until:
            break
        time.sleep(0.2)
    return met


def kept(seen: Sequence[Seen], objective: str) -> bool:
    """Tell whether an objective was kept in the last `OBSERVED_S` seconds of what was seen.

    A few requests cannot show a share of 99.9 %: one failure is more than it allows, and breaks it.
    """
    wanted: dict[str, Any] = json.loads(_STATES.read_text(encoding="utf-8"))["steady_states"]
    promised = wanted[objective]
    if not seen:
        return False
    chosen = since(seen, promised.get("class", "any"), seen[-1].at - OBSERVED_S)
    within_ms = promised["within_ms"] * slack() if "within_ms" in promised else None
    return share(chosen, within_ms) >= float(promised["least_share"])


def slack() -> float:
    """Return how much later than promised is in time here (`CHAOS_SLACK`): 1, unless it is said.

    For a machine that others use as well. What is judged elsewhere is judged without.
    """
    return float(os.environ.get("CHAOS_SLACK", "1"))
