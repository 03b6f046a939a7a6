"""The contract of signals (`signals.yaml`), to which every question about telemetry is held."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from dashboards.located import Part, read

PATH = "dashboards/signals.yaml"
INSTRUMENTS = ("counter", "gauge", "histogram")
BEYOND = "inf"  # the bound of what stayed within none
ANY = "any"


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric as Azure names it; the values of an attribute are None where any may come."""

    name: str
    instrument: str
    unit: str
    attributes: Mapping[str, tuple[str, ...] | None]
    meaning: str


@dataclass(frozen=True, slots=True)
class Signals:
    """What is emitted, and the columns of the tables that it arrives in."""

    metrics: Mapping[str, Metric]
    classes: Mapping[str, str]
    dependencies: Mapping[str, str]
    tables: Mapping[str, Mapping[str, str]]

    def metric(self, asked: Part) -> Metric:
        """Return the metric that a definition names."""
        return self.metrics[asked.choice(self.metrics)]

    def allow(self, metric: Metric, asked: Part) -> dict[str, tuple[str, ...]]:
        """Return the values of attributes that a definition selects by, which have to exist."""
        selected = {}
        for name, part in asked.only(*metric.attributes).items():
            known = metric.attributes[name]
            chosen = [item.text() if known is None else item.choice(known) for item in part.items()]
            selected[name] = tuple(chosen)
        return selected


def load(root: Path) -> Signals:
    """Read the contract; raises DefinitionError."""
    [document] = read(root, PATH)
    bounds = {
        name: (*(f"{item.number():g}" for item in part.items()), BEYOND)
        for name, part in document.part("bounds").keys().items()
    }
    metrics = [_metric(item, bounds) for item in document.part("metrics").items()]
    tables = document.part("tables").keys()
    return Signals(
        metrics={metric.name: metric for metric in metrics},
        classes=_texts(document.part("classes")),
        dependencies=_texts(document.part("dependencies")),
        tables={name: _texts(part) for name, part in tables.items()},
    )


def _texts(part: Part) -> dict[str, str]:
    return {name: value.text() for name, value in part.keys().items()}


def _metric(item: Part, bounds: Mapping[str, tuple[str, ...]]) -> Metric:
    told = item.only("name", "on_azure", "instrument", "unit", "attributes", "meaning")
    attributes: dict[str, tuple[str, ...] | None] = {}
    for name, part in item.part("attributes").keys().items():
        values = tuple(one.text() for one in part.items())
        if values == ("bounds",):
            values = bounds[name]
        attributes[name] = None if values == (ANY,) else values
    return Metric(
        name=item.text("on_azure" if "on_azure" in told else "name"),
        instrument=item.choice(INSTRUMENTS, "instrument"),
        unit=item.text("unit"),
        attributes=attributes,
        meaning=item.text("meaning"),
    )


def strangers(signals: Signals, query: str) -> list[str]:
    """Return the metrics and attributes that a query names and that the contract does not hold."""
    names = re.findall(r'\bName\s*(?:==|in)\s*\(?((?:"[^"]*"(?:,\s*)?)+)', query)
    metrics = [name for group in names for name in re.findall(r'"([^"]*)"', group)]
    if "AppMetrics" not in query:
        return []
    known = [signals.metrics[name] for name in metrics if name in signals.metrics]
    attributes = {name for metric in known for name in metric.attributes}
    asked = re.findall(r'Properties(?:\["([^"]+)"\]|\.(\w+))', query)
    return [
        *(f"metric {name!r}" for name in metrics if name not in signals.metrics),
        *(f"attribute {a or b!r}" for a, b in asked if (a or b) not in attributes),
    ]
