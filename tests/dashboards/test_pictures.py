"""The pictures of the dashboards show the panels that the dashboards have, and whence they come."""

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.dashboards.drawing import NOTHING
from tests.dashboards.pictures import PICTURES, drawn, page
from tests.dashboards.small_project import ROOT

BOARDS = {path.stem: path for path in (ROOT / "dashboards" / "grafana").glob("*.json")}


def sent(metric: str, at: datetime, value: float, **properties: str) -> dict[str, Any]:
    """What the exporter sends of a metric at a time."""
    point = {"name": metric, "value": value, "count": 1, "min": value, "max": value}
    return {
        "time": at.isoformat(),
        "tags": {"ai.cloud.roleInstance": "here", "ai.application.ver": "1.0.0"},
        "data": {
            "baseType": "MetricData",
            "baseData": {"metrics": [point], "properties": properties},
        },
    }


def titles(picture: str) -> list[str]:
    return re.findall(r'<text class="title"[^>]*>([^<]*)</text>', picture)


@pytest.fixture(scope="module")
def pictures() -> dict[str, str]:
    """Of a minute with as many reads as uploads at the same times, and nothing else."""
    now = datetime(2026, 11, 23, 12, 0, 30, tzinfo=UTC)
    envelopes = [
        sent(
            "eva.requests",
            now - timedelta(seconds=ago),
            6.0 * ago,
            outcome="ok",
            within_ms="50",
            **{"class": kind},
        )
        for kind in ("upload", "read")
        for ago in range(6, 60, 6)
    ]
    return drawn(envelopes, "a run of the test", now)


@pytest.mark.parametrize("name", BOARDS)
def test_the_panels_of_a_picture_are_those_of_the_dashboard(
    name: str, pictures: dict[str, str]
) -> None:
    wanted = [one["title"] for one in json.loads(BOARDS[name].read_text())["panels"]]
    committed = (PICTURES / f"{name}.svg").read_text(encoding="utf-8")
    assert titles(committed) == titles(pictures[name]) == wanted


def test_a_picture_says_of_which_run_it_is() -> None:
    [label] = {
        re.findall(r'class="label"[^>]*>([^<]*)</text>', path.read_text(encoding="utf-8"))[0]
        for path in PICTURES.glob("*.svg")
    }
    assert re.match(r"Recorded from a local run at commit [0-9a-f]+ on \d{4}-\d\d-\d\d: ", label)
    written = (PICTURES / "README.md").read_text(encoding="utf-8")
    assert written == page([one.stem for one in _shown(written)], label)


def _shown(written: str) -> list[Path]:
    shown = [PICTURES / one for one in re.findall(r"\((.*?\.svg)\)", written)]
    assert set(shown) == set(PICTURES.glob("*.svg"))
    return shown


def test_what_was_told_of_is_drawn_and_what_was_not_is_said_to_be_missing(
    pictures: dict[str, str],
) -> None:
    panels = {titles(one)[0]: one for one in re.findall(r"<g .*?</g>", pictures["service"])}
    by_class = panels["Requests by class"]
    assert re.findall(r">(read|upload)</text>", by_class) == ["read", "upload"]
    assert by_class.count("<polyline") == 2
    assert "100 %" in panels["Budget left: reads answered in 500 ms"]
    assert NOTHING in panels["Jobs waiting"]
