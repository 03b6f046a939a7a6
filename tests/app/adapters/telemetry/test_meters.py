from collections.abc import Sequence
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from app.adapters.telemetry import meters
from app.adapters.telemetry.instruments import INSTRUMENTS
from app.adapters.telemetry.meters import Growth, Histogram, Meters
from app.core import metrics

CONTRACT = yaml.safe_load((Path("dashboards") / "signals.yaml").read_text(encoding="utf-8"))


def test_the_instruments_are_those_of_the_contract() -> None:
    promised = {one["name"]: (one["instrument"], one["unit"]) for one in CONTRACT["metrics"]}
    assert {name: (one.shape, one.unit) for name, one in INSTRUMENTS.items()} == promised


def test_the_bounds_are_those_of_the_contract() -> None:
    assert list(metrics.WITHIN_MS) == CONTRACT["bounds"]["within_ms"]
    assert list(metrics.WITHIN_S) == CONTRACT["bounds"]["within_s"]


@given(value=st.floats(min_value=0, max_value=1e6))
def test_a_value_is_within_the_smallest_bound_that_holds_it(value: float) -> None:
    said = metrics.within(value, metrics.WITHIN_MS)
    bounds = [bound for bound in metrics.WITHIN_MS if value <= bound]
    assert said == (str(bounds[0]) if bounds else "inf")


@given(values=st.lists(st.floats(min_value=0, max_value=20), min_size=1, max_size=60))
def test_a_histogram_holds_every_value_once(values: list[float]) -> None:
    held = Meters()
    for value in values:
        held.observe("eva.dependency.duration", {"dependency": "files"}, [value])
    [point] = held.taken()
    spread = point.value
    assert isinstance(spread, Histogram)
    assert spread.count == len(values)
    assert spread.sum == pytest.approx(sum(values))
    assert (spread.least, spread.most) == (min(values), max(values))
    for bound, upto in zip(point.instrument.bounds, _sums(spread.counts), strict=False):
        assert upto == sum(value <= bound for value in values)


def _sums(counts: list[int]) -> list[int]:
    return [sum(counts[: n + 1]) for n in range(len(counts))]


def test_growth_is_what_came_since_the_last_time() -> None:
    held, growth = Meters(), Growth()
    held.count("eva.requests", {"class": "read"}, 2)
    held.gauge("eva.jobs.dead", {}, 4)
    held.observe("gen_ai.client.token.usage", {}, [10])
    assert sorted(_values(growth.of(held.taken()))) == [2, 4, 10]
    held.count("eva.requests", {"class": "read"}, 5)
    held.observe("gen_ai.client.token.usage", {}, [7])
    assert sorted(_values(growth.of(held.taken()))) == [4, 5, 7]
    assert _values(growth.of(held.taken())) == [4], "a gauge is said again, a sum is not"


def test_whoever_only_looks_takes_no_extreme_from_who_sends() -> None:
    held = Meters()
    held.observe("eva.dependency.duration", {"dependency": "files"}, [0.25, 2.0])
    [seen] = held.seen()
    [sent] = held.taken()
    assert isinstance(sent.value, Histogram)
    assert seen == sent
    assert (sent.value.least, sent.value.most) == (0.25, 2.0)


def _values(points: Sequence[meters.Point]) -> list[float]:
    return [one.value.sum if isinstance(one.value, Histogram) else one.value for one in points]


def test_a_metric_has_no_more_series_than_there_is_room_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(meters, "MOST_SERIES", 3)
    held = Meters()
    for number in range(10):
        held.count("eva.requests", {"class": str(number)}, 1)
        held.observe("eva.dependency.duration", {"dependency": str(number)}, [1])
    points = held.taken()
    assert len(points) == 8
    assert sum(_values(points), 0.0) == 20, "what has no series of its own is counted together"


def test_tenants_beyond_the_first_are_told_of_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics, "_tenants", set())
    said = [metrics.tenant(f"ten_{n}") for n in range(60)]
    assert said[:50] == [f"ten_{n}" for n in range(50)]
    assert set(said[50:]) == {"other"}
    assert metrics.tenant("ten_7") == "ten_7"
