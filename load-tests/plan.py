"""What one run is to do: read from the generated objectives, handed to Locust as a file."""

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

THRESHOLDS = Path(__file__).parent.parent / "dashboards" / "thresholds.json"
PLAN = "LOAD_PLAN"  # the variable that names the file in which Locust finds the plan
KNEE = "knee"


class UnknownProfileError(Exception):
    """There is no such profile; the text lists those there are."""


@dataclass(frozen=True)
class Limit:
    """What a class of endpoints must withstand: 95th percentile in ms, share of failures."""

    p95_ms: float
    error_rate: float


@dataclass(frozen=True)
class Step:
    """A constant rate of arrivals (a second) for some seconds."""

    rate: float
    seconds: float


@dataclass(frozen=True, kw_only=True)
class Profile:
    """One kind of load. With `steps` arrivals are at a rate, else users think in between."""

    name: str
    users: int
    duration_s: float
    spawn_rate: float = 25.0
    think_time_s: tuple[float, float] = (3.0, 7.0)
    steps: tuple[Step, ...] = ()
    min_requests: int = 1
    min_rate: float = 0.0  # requests a second
    most_requests: int | None = None  # the run ends early once so many were answered
    limits: Mapping[str, Limit] = field(default_factory=dict)
    growth: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Seeds:
    """What was put into the service before: where to ask, with which keys, what to ask."""

    keys: tuple[str, ...]
    spaces: tuple[str, ...]
    documents: tuple[str, ...]
    questions: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A run."""

    profile: Profile
    url: str
    seeds: Seeds
    outcome: str  # the file that Locust leaves what it saw in

    def write(self, path: Path) -> None:
        """Write the plan for `read`."""
        path.write_text(json.dumps(asdict(self)))


def read() -> Plan:
    """Return the plan that this process was given."""
    told = json.loads(Path(os.environ[PLAN]).read_text())
    profile = told["profile"]
    profile["steps"] = tuple(Step(**one) for one in profile["steps"])
    profile["limits"] = {name: Limit(**limit) for name, limit in profile["limits"].items()}
    seeds = Seeds(**{name: tuple(value) for name, value in told["seeds"].items()})
    return Plan(profile=Profile(**profile), url=told["url"], seeds=seeds, outcome=told["outcome"])


def profile(
    name: str, *, backend: str, seconds: float | None = None, path: Path = THRESHOLDS
) -> Profile:
    """Return a profile of the objectives, or the search for the knee; UnknownProfileError."""
    known: dict[str, Any] = json.loads(path.read_text())["profiles"]
    if name == KNEE:
        return _knee(seconds or 12.0)
    if name not in known:
        raise UnknownProfileError(f"no profile {name!r}: there are {', '.join([*known, KNEE])}")
    told = known[name]
    limits = {**told["classes"], **told.get("tighter", {}).get(backend, {})}
    lasts = seconds or float(told["duration_s"])
    rate = told.get("arrival_rate")
    return Profile(
        name=name,
        users=int(told["users"]),
        duration_s=lasts,
        spawn_rate=told.get("spawn_rate", 25.0),
        think_time_s=tuple(told.get("think_time_s", (3.0, 7.0))),
        steps=(Step(rate, lasts),) if rate else (),
        min_requests=int(told["min_requests"]),
        min_rate=told.get("min_rate", 0.0),
        most_requests=told.get("most_requests"),
        limits={one: Limit(**limit) for one, limit in limits.items()},
        growth=told.get("growth", {}),
    )


def _knee(seconds: float) -> Profile:
    """Rise by a quarter from 20 arrivals a second; the dispatcher stops where it gives way."""
    rates = [round(20 * 1.25**n, 1) for n in range(16)]
    steps = tuple(Step(rate, seconds) for rate in rates)
    return Profile(
        name=KNEE, users=1, duration_s=seconds * (len(steps) + 3), steps=steps, min_requests=1
    )
