"""The steady state: what the objectives promise, as clients saw it in the last seconds.

The numbers are those of `dashboards/steady-states.json`, generated from the objectives.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from chaos.observing import Seen, read, recent, share
from chaos.state import state

_STATES = Path(__file__).parents[1] / "dashboards" / "steady-states.json"
OBSERVED_S = 4.0  # how long a state has to last to be called steady
STEADY = ("availability", "read-latency", "ask-latency")


def keeps(objective: str) -> bool:
    """Tell whether an objective was kept in the last seconds in which there were clients."""
    return kept(read(Path(state()["seen"])), objective)


def kept(seen: Sequence[Seen], objective: str) -> bool:
    """Tell whether an objective was kept in the last `OBSERVED_S` seconds of what was seen.

    A few requests cannot show a share of 99.9 %: one failure is more than it allows, and breaks it.
    """
    wanted: dict[str, Any] = json.loads(_STATES.read_text(encoding="utf-8"))["steady_states"]
    promised = wanted[objective]
    if not seen:
        return False
    chosen = recent(seen, promised.get("class", "any"), OBSERVED_S, until=seen[-1].at)
    return share(chosen, promised.get("within_ms")) >= float(promised["least_share"])
