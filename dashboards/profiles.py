"""The load profiles of `objectives.yaml`: what one kind of load must withstand."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dashboards.located import DefinitionError, Part, read
from dashboards.objectives import OPENSLO, PATH, SLOWEST_MS
from dashboards.signals import Signals

KIND = "LoadProfile"
API = "eva/v1"
BACKENDS = ("embedded", "azure")
# At 500 users 95 % are answered in less than 2 s and fewer than 0.1 % fail: promised to begin with.
PROMISED = "peak"
MOST_USERS_NEEDED = 500
MOST_FAILING = 0.001


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """What one class of endpoints must withstand: 95th percentile in ms, share of failures."""

    p95_ms: float
    error_rate: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """One profile of load, and per backend what is asked of it beyond."""

    name: str
    title: str
    load: Mapping[str, Any]
    classes: Mapping[str, Limit]
    tighter: Mapping[str, Mapping[str, Limit]]


def load(root: Path, signals: Signals) -> list[Profile]:
    """Read the profiles; raises DefinitionError."""
    found = []
    for document in read(root, PATH):
        if document.choice((OPENSLO, API), "apiVersion") == API:
            document.choice((KIND,), "kind")
            found.append(_profile(document, signals))
    if PROMISED not in {profile.name for profile in found}:
        raise DefinitionError(PATH, 1, f"there is no profile {PROMISED!r}")
    return found


def _profile(document: Part, signals: Signals) -> Profile:
    document.only("apiVersion", "kind", "metadata", "spec")
    spec = document.part("spec")
    numbers = ("users", "spawn_rate", "arrival_rate", "duration_s", "min_requests", "min_rate")
    keys = spec.only(*numbers, "think_time_s", "classes", "tighter", "growth")
    for needed in ("users", "duration_s", "min_requests"):
        spec.number(needed, least=1)
    shape: dict[str, Any] = {n: keys[n].number(least=1) for n in numbers if n in keys}
    shape |= {key: _pair(keys[key]) for key in ("think_time_s",) if key in keys}
    if ("think_time_s" in keys) == ("arrival_rate" in keys):
        raise spec.refuse("needs either `think_time_s` or `arrival_rate`")
    if "growth" in keys:
        shape["growth"] = {n: p.number() for n, p in keys["growth"].keys().items()}
    tighter = keys["tighter"].only(*BACKENDS) if "tighter" in keys else {}
    made = Profile(
        name=document.text("metadata", "name"),
        title=document.text("metadata", "displayName"),
        load=shape,
        classes=_limits(spec.part("classes"), signals),
        tighter={backend: _limits(part, signals) for backend, part in tighter.items()},
    )
    if made.name == PROMISED:
        _as_promised(made, spec)
    return made


def _pair(part: Part) -> list[float]:
    found = [item.number() for item in part.items()]
    if len(found) != 2 or found[0] > found[1]:  # noqa: PLR2004 - from and to
        raise part.refuse("must be [from, to]")
    return found


def _limits(part: Part, signals: Signals) -> dict[str, Limit]:
    found = {}
    for name, limit in part.only(*signals.classes).items():
        limit.only("p95_ms", "error_rate")
        found[name] = Limit(
            p95_ms=limit.number("p95_ms", least=1, most=SLOWEST_MS),
            error_rate=limit.number("error_rate", most=1),
        )
    if not found:
        raise part.refuse("no class of endpoints")
    return found


def _as_promised(made: Profile, spec: Part) -> None:
    if made.load["users"] < MOST_USERS_NEEDED:
        raise spec.part("users").refuse(f"weaker than promised: {MOST_USERS_NEEDED} users")
    for name, limit in made.classes.items():
        if limit.p95_ms >= SLOWEST_MS or limit.error_rate >= MOST_FAILING:
            raise spec.part("classes", name).refuse(
                f"weaker than promised: p95 < {SLOWEST_MS} ms, failures < {MOST_FAILING:.1%}"
            )
