import json
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

Script = Callable[[str], ModuleType]
THRESHOLDS = Path("dashboards") / "thresholds.json"


class Balanced(HTMLParser):
    """Fails on a page whose elements are not closed, and collects its words."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.words: list[str] = []
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.links += [value or "" for name, value in attrs if name in ("src", "href")]
        if tag != "meta":
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        pass

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def run(script: Script) -> tuple[Any, dict[str, Any], Any]:
    """A run of a second in which a read and an ask were answered."""
    one = {"num_requests": 4, "num_failures": 1, "shed": 0, "response_times": {"20": 3, "900": 1}}
    told: dict[str, Any] = {
        "stats": [{"name": name, **one} for name in ("ask", "read")],
        "names": [{"name": "read <getSpace>", **one}],
        "steps": [],
        "seconds": {"0": {"read": {"name": "read", **one}, "ask": {"name": "ask", **one}}},
        "unexpected": {},
        "reasons": {},
        "lateness": {"2": 50},
        "generator_cpu": [[1.0, 0.2]],
        "users": [[1.0, 500]],
    }
    server = [
        {"second": 1.0, "cpu": 0.5, "resident_mb": 150.0, "files": 40.0, "machine": 1.0},
        {"second": 2.0, "cpu": 0.7, "resident_mb": 160.0, "files": 41.0, "machine": 1.9},
    ]
    profile = script("plan").profile("peak", backend="embedded", path=THRESHOLDS)
    return script("judging").seen(told, server), told, profile


def test_the_page_stands_alone_and_shows_verdict_tables_and_pictures(script: Script) -> None:
    found, told, profile = run(script)
    judged = script("judging").Verdict("failed", ("read: p95 900 ms, 100 ms <allowed>",))
    page = script("report").page(profile, (found, told), judged, ["compared with <abc>"])
    parser = Balanced()
    parser.feed(page)
    parser.close()
    assert parser.open == []
    assert parser.links == [], "nothing is fetched from anywhere"
    words = " ".join(parser.words)
    for said in (
        "failed", "read: p95 900 ms, 100 ms <allowed>", "compared with <abc>", "read <getSpace>",
        "Latency of read (ms)", "Throughput", "Failures", "Server memory", "CPU", "whole machine",
    ):  # fmt: skip
        assert said in words
    assert page.count("<polyline") >= 10


def test_the_text_says_what_the_page_says(script: Script) -> None:
    found, _, profile = run(script)
    judged = script("judging").Verdict("refused", ("6 users, 500 asked for",))
    said = script("report").text(profile, found, judged, ["a remark"])
    first, second, *_ = said.splitlines()
    assert (first, second) == ("== peak, 180 s: REFUSED", "   6 users, 500 asked for")
    [read] = [line for line in said.splitlines() if line.startswith("read")]
    assert read.split() == ["read", "4", "0.0", "1", "0", "20", "900", "900", "900"]
    assert "server memory: 150 MB at first, 160 MB at most" in said
    assert said.endswith("a remark")


@given(
    lines=st.dictionaries(
        st.text(max_size=10),
        st.lists(st.tuples(st.floats(0, 4000), st.floats(0, 1e6)), min_size=1, max_size=8),
        min_size=1,
        max_size=4,
    )
)
@example({"": [(0.0, 5e-324)]})
def test_a_chart_keeps_every_point_inside_its_frame(
    script: Script, lines: dict[str, list[tuple[float, float]]]
) -> None:
    drawing = script("drawing")
    svg = drawing.chart("A <chart>", "ms", lines)
    assert svg.startswith("<svg ")
    assert "A &lt;chart&gt;" in svg
    for path in svg.split('points="')[1:]:
        for point in path.split('"', 1)[0].split():
            x, y = (float(number) for number in point.split(","))
            assert 0 <= x <= drawing.WIDTH
            assert 0 <= y <= drawing.HEIGHT


def test_what_was_not_measured_is_said_so(script: Script) -> None:
    assert script("drawing").chart("CPU", "cores", {}) == "<p>CPU: not measured.</p>"


def test_a_run_is_compared_with_the_last_accepted_one_of_its_kind(
    script: Script, tmp_path: Path
) -> None:
    history, (found, _, profile) = script("history"), run(script)
    kept = tmp_path / "history.jsonl"
    now = history.summary(profile, "embedded", found)
    assert history.last(now, kept) is None
    assert list(history.compared(now, None)) == ["no accepted run of this kind to compare with"]
    for p95 in (800.0, 300.0):
        history.accept({**now, "p95_ms": {"read": p95}}, kept)
    history.accept({**now, "profile": "smoke"}, kept)
    before = history.last(now, kept)
    assert before is not None
    assert before["p95_ms"] == {"read": 300.0}
    assert list(history.compared(now, before))[1:] == ["read: p95 900 ms, was 300 ms  << SLOWER"]
    older = {**before, "python": "CPython 3.9.1"}
    assert "which ran on CPython 3.9.1, this one on" in next(history.compared(now, older))
    assert len(kept.read_text().splitlines()) == 3
    assert json.loads(kept.read_text().splitlines()[2])["profile"] == "smoke"


@pytest.mark.parametrize(("now", "worse"), [(310.0, False), (451.0, True)])
def test_only_what_is_half_as_slow_again_is_called_slower(
    script: Script, now: float, worse: bool
) -> None:
    before = {"commit": "abc", "at": "then", "p95_ms": {"ask": 300.0}}
    said = list(script("history").compared({"p95_ms": {"ask": now}}, before))
    assert said[1].endswith("SLOWER") is worse
