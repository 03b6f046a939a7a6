"""What was decided before is kept, drawn, and compared with."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from pipelines.readiness.history import (
    Entry,
    compared,
    last_accepted,
    read_history,
    remember,
    summarised,
)
from pipelines.readiness.located import ConfigurationError
from pipelines.readiness.model import Stage
from pipelines.readiness.reports.drawing import drawn, measured, sparkline
from pipelines.readiness.reports.html import as_html
from tests.pipelines.court import NOW
from tests.pipelines.told import VERDICT, Page, story


def entry(**changes: Any) -> Entry:
    given = summarised(VERDICT)
    values = {name: getattr(given, name) for name in Entry.__slots__}
    return Entry(**{**values, **changes})


def test_what_became_worse_or_better_or_slower_is_told() -> None:
    before = entry(
        outcomes={"X-01": "passed", "X-02": "failed", "X-03": "missing", "X-09": "passed"},
        numbers={"X-01": {"p95": 100.0, "same": 1.0}},
    )
    after = entry(
        outcomes={"X-01": "stale", "X-02": "passed", "X-03": "missing", "X-04": "passed"},
        numbers={"X-01": {"p95": 120.5, "same": 1.0}},
    )
    told = [(c.criterion, c.what, c.before, c.after, c.worse) for c in compared(before, after)]
    assert told == [
        ("X-01", "", "passed", "stale", True),
        ("X-01", "p95", "100", "120.5", False),
        ("X-02", "", "failed", "passed", False),
        ("X-09", "", "passed", "not judged", True),
        ("X-04", "", "not judged", "passed", False),
    ]
    page = Page(as_html(story(accepted=before, changes=compared(before, after))))
    assert "120.5" in page.text
    assert "non jugé" in page.text


def test_the_history_grows_and_is_drawn(tmp_path: Path) -> None:
    for day in range(3):
        remember(tmp_path, entry(time=(NOW + timedelta(days=day)).isoformat(), ready=day == 2))
    remember(tmp_path, entry(stage="pr"))
    entries = read_history(tmp_path, Stage.BETA)
    assert len(entries) == 3
    made = ET.fromstring(drawn(entries))  # noqa: S314 - ours
    dots = [dot.get("fill") for dot in made.iter() if dot.tag.endswith("circle")]
    assert dots == ["white", "white", "currentColor"]


def test_a_number_that_moved_has_a_row_and_a_drawing_that_ends_higher() -> None:
    numbers: list[dict[str, float]] = [{"p95": 100, "users": 500}, {"p95": 90, "users": 500}]
    entries = [entry(numbers={"X-01": found}) for found in (*numbers, {"p95": 120, "users": 500})]
    moved = measured(entries)
    assert moved == {("X-01", "p95"): [100, 90, 120]}
    made = ET.fromstring(sparkline(moved["X-01", "p95"]))  # noqa: S314 - ours
    assert made.get("aria-label") == "100, 90, 120"
    [line] = made.iter("{http://www.w3.org/2000/svg}polyline")
    heights = [float(point.split(",")[1]) for point in str(line.get("points")).split()]
    assert heights[2] < heights[0] < heights[1]
    page = Page(as_html(story(history=entries)))
    assert page.open == []
    assert "What was measured" in page.text


@pytest.mark.parametrize("line", [b'{"stage": "beta"}', b"{", b'{"stage": "b\x9da"}'])
def test_a_broken_history_is_named_by_its_line(tmp_path: Path, line: bytes) -> None:
    remember(tmp_path, entry())
    with (tmp_path / "history.jsonl").open("ab") as file:
        file.write(line + b"\n")
    with pytest.raises(ConfigurationError, match=r"history.jsonl:2: not a verdict"):
        read_history(tmp_path, Stage.BETA)


def test_the_newest_accepted_release_of_the_stage_counts(tmp_path: Path) -> None:
    folder = tmp_path / "pipelines/readiness/releases"
    folder.mkdir(parents=True)
    releases = (("v1", "beta", "2026-02"), ("v2", "beta", "2026-01"), ("v3", "pr", "2026-03"))
    for name, stage, time in releases:
        made = entry(release=name, stage=stage, time=time)
        said = {key: getattr(made, key) for key in Entry.__slots__}
        (folder / f"{name}.json").write_text(json.dumps(said))
    found = last_accepted(tmp_path, Stage.BETA)
    assert found is not None
    assert found.release == "v1"
    assert last_accepted(tmp_path, Stage.PRODUCTION) is None
    (folder / "v4.json").write_text('{"release": "v4"}')
    with pytest.raises(ConfigurationError, match=r"v4.json:1: not a release"):
        last_accepted(tmp_path, Stage.BETA)
