"""The steady state: what the objectives promise, as clients saw it.

The numbers are those of `dashboards/steady-states.json`, generated from the objectives. What a few
requests show is nothing: an objective is kept by enough of them, or it is not.
"""

import json
import math
import os
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from chaos.observing import Seen, enough, read, share, since
from chaos.state import state

_STATES = Path(__file__).parents[1] / "dashboards" / "steady-states.json"
_PATIENCE_S = 30.0
OBSERVED_S = 4.0  # how long a state has to last to be called steady
_SHOWN = 0.99
STEADY = ("availability", "read-latency", "ask-latency")


@dataclass(frozen=True, slots=True)
class Objective:
    """The least share of the requests of a class ("any": of all) that is good, and in time."""

    kind: str
    least: float
    within_ms: float

    @classmethod
    def named(cls, name: str) -> "Objective":
        """Return the objective of this name.

        There are too few requests here to show a share above 99 %: of these none may fail.
        """
        promised = json.loads(_STATES.read_text(encoding="utf-8"))["steady_states"][name]
        within_ms = float(promised.get("within_ms", math.inf)) * slack()
        least = float(promised["least_share"])
        return cls(promised.get("class", "any"), least if least <= _SHOWN else 1.0, within_ms)

    def kept(self, seen: Iterable[Seen], from_: float) -> bool:
        """Tell whether it was, by enough requests that ended then or later."""
        chosen = since(seen, self.kind, from_)
        return len(chosen) >= enough(self.least) and share(chosen, self.within_ms) >= self.least

    def lately(self, seen: Sequence[Seen]) -> bool:
        """Tell whether it was in the last seconds; in more of them, where those held too few."""
        chosen = since(seen, self.kind, 0.0)
        newest = chosen[-enough(self.least) :]
        return bool(newest) and self.kept(seen, min(newest[0].at, seen[-1].at - OBSERVED_S))

    def broken_by(self, one: Seen) -> bool:
        """Tell whether a request is one of those that it allows few of."""
        return self.kind in ("any", one.kind) and not (one.good and one.ms <= self.within_ms)


def keeps(objective: str) -> bool:
    """Tell whether an objective is kept: lately, or ever since the service recovered.

    While there are clients, it may take a while until it is: another program may have had the
    machine.
    """
    place, until, wanted = state(), time.monotonic() + _PATIENCE_S, Objective.named(objective)
    recovered = Path(place["recovered"])
    while True:
        seen = read(Path(place["seen"]))
        if recovered.exists():
            return wanted.kept(seen, float(recovered.read_text(encoding="utf-8")))
        if (met := wanted.lately(seen)) or time.monotonic() >= until:
            return met
        time.sleep(0.2)


def steady(seen: Sequence[Seen]) -> bool:
    """Tell whether every objective was kept lately."""
    return all(Objective.named(name).lately(seen) for name in STEADY)


def steady_from(seen: Sequence[Seen], began: float) -> float | None:
    """Return from when on every objective was kept, at the earliest `began`; None if not yet."""
    wanted = [Objective.named(name) for name in STEADY]
    late = [one.at for one in seen if one.at >= began and any(o.broken_by(one) for o in wanted)]
    last = seen[-1].at if seen else 0.0
    for at in (began, *(math.nextafter(one, math.inf) for one in late)):
        if last - at >= OBSERVED_S and all(one.kept(seen, at) for one in wanted):
            return at
    return None


def slack() -> float:
    """Return how much later than promised is in time here (`CHAOS_SLACK`): 1, unless it is said.

    For a machine that others use as well. What is judged elsewhere is judged without.
    """
    return float(os.environ.get("CHAOS_SLACK", "1"))
