"""Sums, histograms and gauges, added to by the event loop's thread alone."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from math import inf
from typing import TypeAlias

from app.adapters.telemetry.instruments import INSTRUMENTS, Instrument
from app.core import metrics
from app.core.metrics import Labels

Key: TypeAlias = tuple[tuple[str, str], ...]
MOST_SERIES = 2000  # of one metric; what comes after is counted together
_REST: Key = (("overflow", "true"),)


@dataclass(slots=True)
class Histogram:
    """How values are spread: `counts` has one more than there are bounds."""

    bounds: Sequence[float]
    counts: list[int]
    sum: float = 0.0
    least: float = inf
    most: float = -inf

    @classmethod
    def within(cls, bounds: Sequence[float]) -> "Histogram":
        """Return an empty one."""
        return cls(bounds, [0] * (len(bounds) + 1))

    def add(self, values: Sequence[float]) -> None:
        """Add values, one at least."""
        for value in values:
            self.counts[bisect_left(self.bounds, value)] += 1
        self.sum += sum(values)
        self.least = min(self.least, *values)
        self.most = max(self.most, *values)

    @property
    def count(self) -> int:
        """Return how many values there are."""
        return sum(self.counts)


@dataclass(frozen=True, slots=True)
class Point:
    """One series of a metric, as it stood."""

    name: str
    instrument: Instrument
    labels: Key
    value: float | Histogram


@dataclass(slots=True)
class Meters:
    """What was measured since the process began."""

    numbers: dict[str, dict[Key, float]] = field(default_factory=dict)
    histograms: dict[str, dict[Key, Histogram]] = field(default_factory=dict)

    def count(self, name: str, labels: Labels, amount: float) -> None:
        """Add to a counter."""
        series = self.numbers.get(name) or self.numbers.setdefault(name, {})
        key = tuple(labels.items())
        if key not in series and len(series) >= MOST_SERIES:
            key = _REST
        series[key] = series.get(key, 0.0) + amount

    def gauge(self, name: str, labels: Labels, value: float) -> None:
        """Set a gauge."""
        self.numbers.setdefault(name, {})[tuple(labels.items())] = value

    def forget(self, name: str, labels: Labels | None = None) -> None:
        """Drop a gauge's series, or one, so that what is no longer the case is no longer said."""
        if labels is None:
            self.numbers.pop(name, None)
        else:
            self.numbers.get(name, {}).pop(tuple(labels.items()), None)

    def observe(self, name: str, labels: Labels, values: Sequence[float]) -> None:
        """Add values to a histogram."""
        series = self.histograms.get(name) or self.histograms.setdefault(name, {})
        key = tuple(labels.items())
        found = series.get(key)
        if found is None:
            key = key if len(series) < MOST_SERIES else _REST
            found = series.setdefault(key, Histogram.within(INSTRUMENTS[name].bounds))
        found.add(values)

    def seen(self) -> Sequence[Point]:
        """Return copies of all series; least and most are of the time since the last taking."""
        metrics.settle()
        points = [
            Point(name, INSTRUMENTS[name], key, value)
            for name, series in self.numbers.items()
            for key, value in series.items()
        ]
        for name, spread in self.histograms.items():
            for key, one in spread.items():
                copied = replace(one, counts=list(one.counts))
                points.append(Point(name, INSTRUMENTS[name], key, copied))
        return points

    def taken(self) -> Sequence[Point]:
        """Return the same, and begin least and most anew: for the one who sends them away."""
        points = self.seen()
        for spread in self.histograms.values():
            for one in spread.values():
                one.least, one.most = inf, -inf
        return points


class Growth:
    """Turns what was measured since the beginning into what was since the last time."""

    def __init__(self) -> None:
        self._before: dict[tuple[str, Key], float | Histogram] = {}

    def of(self, points: Sequence[Point]) -> list[Point]:
        """Return the points with what they grew by; gauges as they are, the unchanged left out."""
        grown = []
        for point in points:
            if point.instrument.shape == "gauge":
                grown.append(point)
                continue
            where = (point.name, point.labels)
            change = _change(self._before.get(where), point.value)
            self._before[where] = point.value
            if change is not None:
                grown.append(Point(point.name, point.instrument, point.labels, change))
        return grown


def _change(before: float | Histogram | None, now: float | Histogram) -> float | Histogram | None:
    if isinstance(now, Histogram):
        if before is None:
            return now
        assert isinstance(before, Histogram)  # noqa: S101 - a metric keeps its shape
        counts = [a - b for a, b in zip(now.counts, before.counts, strict=True)]
        return replace(now, counts=counts, sum=now.sum - before.sum) if any(counts) else None
    assert before is None or isinstance(before, float)  # noqa: S101 - as above
    grown = now - (before or 0.0)
    return grown or None
