"""The objectives (`objectives.yaml`), read strictly: none is weaker than first promised."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from dashboards.located import Part, read
from dashboards.signals import Metric, Signals

PATH = "dashboards/objectives.yaml"
KINDS = ("Service", "SLO")
OPENSLO = "openslo/v1"
WITHIN = ("within_ms", "within_s")
# What was promised to begin with: 99.9 % answered; 95 % of every class of requests within 2 s.
LEAST_AVAILABLE = 0.999
SLOWEST_MS = 2000
LEAST_FAST = 0.95


@dataclass(frozen=True, slots=True)
class Selection:
    """Which events of a counter are meant: values of attributes, and a bound they kept within."""

    metric: str
    where: Mapping[str, tuple[str, ...]]
    within: tuple[str, float] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Objective:
    """A share of events that has to be good; `alert` names what is raised when it is not."""

    name: str
    title: str
    description: str
    alert: str
    endpoint_class: str | None
    good: Selection
    total: Selection
    target: float
    window_days: int
    place: Part

    @property
    def budget(self) -> float:
        """Return the share of events that may be bad."""
        return round(1 - self.target, 9)


def load(root: Path, signals: Signals) -> list[Objective]:
    """Read the objectives; raises DefinitionError."""
    found = []
    for document in read(root, PATH):
        if document.text("apiVersion") != OPENSLO:
            continue
        if document.choice(KINDS, "kind") == "SLO":
            found.append(_objective(document, signals))
    for key in ("name", "alert"):
        _unique(found, key)
    return found


def _unique(found: list[Objective], key: str) -> None:
    seen: set[str] = set()
    for objective in found:
        value = str(getattr(objective, key))
        if value in seen:
            raise objective.place.refuse(f"a second objective with {key} {value!r}")
        seen.add(value)


def _objective(document: Part, signals: Signals) -> Objective:
    document.only("apiVersion", "kind", "metadata", "spec")
    named, spec = document.part("metadata"), document.part("spec")
    named.only("name", "displayName", "annotations")
    spec.only("service", "description", "indicator", "timeWindow", "budgetingMethod", "objectives")
    spec.choice(("Occurrences",), "budgetingMethod")
    annotations = named.part("annotations").only("alert", "class")
    ratio = spec.part("indicator", "spec", "ratioMetric")
    ratio.only("counter", "good", "total")
    made = Objective(
        name=_matching(r"[a-z][a-z-]+", named.part("name")),
        title=named.text("displayName"),
        description=spec.text("description"),
        alert=_matching(r"[A-Z]\w+Burn", named.part("annotations", "alert")),
        endpoint_class=annotations["class"].choice(signals.classes)
        if "class" in annotations
        else None,
        good=_selection(ratio.part("good"), signals),
        total=_selection(ratio.part("total"), signals),
        target=_only(spec.part("objectives")).number("target", least=0.5, most=0.99999),
        window_days=_days(_only(spec.part("timeWindow"))),
        place=document.part("kind"),
    )
    _coherent(made, ratio)
    return made


def _matching(pattern: str, part: Part) -> str:
    if not re.fullmatch(pattern, part.text()):
        raise part.refuse(f"{part.text()!r} does not match {pattern}")
    return part.text()


def _only(part: Part) -> Part:
    items = list(part.items())
    if len(items) != 1:
        raise part.refuse("must hold exactly one")
    return items[0]


def _days(window: Part) -> int:
    window.choice(("true",), "isRolling")
    return int(_matching(r"\d+d", window.part("duration"))[:-1])


def _selection(part: Part, signals: Signals) -> Selection:
    source = part.part("metricSource")
    source.choice(("AppMetrics",), "type")
    spec = source.part("spec")
    keys = spec.only("metric", "where", *WITHIN)
    metric = signals.metric(spec.part("metric"))
    if metric.instrument != "counter":
        raise spec.part("metric").refuse(f"{metric.name} is a {metric.instrument}, not a counter")
    where = signals.allow(metric, keys["where"]) if "where" in keys else {}
    return Selection(metric.name, where, _within(keys, metric))


def _within(keys: Mapping[str, Part], metric: Metric) -> tuple[str, float] | None:
    for name in WITHIN:
        if name in keys:
            bounds = metric.attributes.get(name)
            if bounds is None:
                raise keys[name].refuse(f"{metric.name} does not count by {name}")
            keys[name].choice(bounds[:-1])
            return name, keys[name].number()
    return None


def _coherent(made: Objective, ratio: Part) -> None:
    """Refuse a good that is not among the total, and what is weaker than promised."""
    if made.good.metric != made.total.metric or made.total.within:
        raise ratio.refuse("good and total must count the same metric, total without a bound")
    for name, values in made.good.where.items():
        if not set(values) <= set(made.total.where.get(name, values)):
            raise ratio.refuse(f"good counts values of {name!r} that total does not")
    target = made.place
    if made.name == "availability" and made.target < LEAST_AVAILABLE:
        raise target.refuse(f"weaker than promised: at least {LEAST_AVAILABLE:.1%} are answered")
    if made.endpoint_class is not None:
        _fast_enough(made)


def _fast_enough(made: Objective) -> None:
    if made.good.where.get("class") != (made.endpoint_class,):
        raise made.place.refuse(f"does not count the class {made.endpoint_class!r} alone")
    if made.good.within is None or made.good.within[0] != "within_ms":
        raise made.place.refuse("an objective of latency needs `within_ms`")
    if made.good.within[1] > SLOWEST_MS or made.target < LEAST_FAST:
        raise made.place.refuse(
            f"weaker than promised: at least {LEAST_FAST:.0%} within {SLOWEST_MS} ms"
        )
