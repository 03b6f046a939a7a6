"""Each form says the same verdict, and what tools and people wrote stays text in it."""

import json
import re
from datetime import date, timedelta
from html import escape
from html.parser import HTMLParser
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
from pipelines.readiness.judge import judge
from pipelines.readiness.located import ConfigurationError
from pipelines.readiness.model import Criterion, Severity, Stage, Text, Waiver
from pipelines.readiness.reports.badge import as_badge
from pipelines.readiness.reports.data import as_json
from pipelines.readiness.reports.drawing import drawn
from pipelines.readiness.reports.html import Story, as_html
from pipelines.readiness.reports.junit import as_junit
from pipelines.readiness.reports.markdown import as_markdown
from pipelines.readiness.reports.oscal import as_oscal, nist_controls
from pipelines.readiness.reports.sarif import as_sarif
from tests.pipelines.court import (
    NOW,
    criterion,
    decided,
    demand,
    evidence,
    example,
    material,
    moment,
    only_answer,
    policy,
    source,
)

HOSTILE = '<script>alert("x")</script>|[a](javascript:b) @all <img src=x onerror=1>'
BAD = example("junit", "bad").replace(b"assert 1 == 2", escape(HOSTILE).encode())
MARK = only_answer(decided("junit", example("junit", "bad"))).findings[0].fingerprint
VOID = {"meta", "input", "br", "img", "link"}


def criteria() -> tuple[Criterion, ...]:
    said = Text(f"It holds {HOSTILE}.", "C'est vrai.")
    return (
        criterion("X-01", demand("good"), standards=("NIST 800-53 CP-2(2)",)),
        criterion("X-02", demand("bad"), statement=said, severity=Severity.MEDIUM),
        criterion("X-03", demand("none"), area="compliance"),
        criterion("X-04", demand("waived")),
    )


WAIVER = Waiver(
    id="W-001",
    criterion="X-04",
    fingerprint=MARK,
    reason="For now.",
    owner="o",
    author="a",
    approver="b",
    ticket="T",
    created=date(2026, 5, 1),
    expires=date(2026, 6, 5),
)
COURT = policy(
    *criteria(),
    sources={name: source(name) for name in ("good", "bad", "none", "waived")},
    waivers=(WAIVER,),
)
GIVEN = evidence(
    material("good", example("junit", "good")),
    material("bad", BAD),
    material("waived", example("junit", "bad")),
)
VERDICT = judge(COURT, GIVEN, moment())


def story(**changes: Any) -> Story:
    entries = [summarised(VERDICT)]
    given: dict[str, Any] = {"history": entries, "accepted": None, "changes": []}
    return Story(verdict=VERDICT, policy=COURT, evidence=GIVEN, **{**given, **changes})


class Page(HTMLParser):
    """Which elements a page has, that they nest, and the text that it shows."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


PAGE = Page(as_html(story()))


def test_the_page_is_well_formed_and_holds_everything_itself() -> None:
    assert PAGE.open == []
    outside = {"script", "link", "img", "iframe", "object", "style@import"}
    assert not [tag for tag, _ in PAGE.found if tag in outside]
    addresses = [a for _, attributes in PAGE.found for a in attributes if a in {"src", "href"}]
    assert addresses == []
    assert not [a for _, attributes in PAGE.found for a in attributes if a.startswith("on")]


def test_what_tools_wrote_is_text_in_the_page() -> None:
    assert PAGE.text.count('<script>alert("x")</script>') >= 2


def test_the_page_says_everything_in_both_languages() -> None:
    languages = [attributes.get("lang") for tag, attributes in PAGE.found if tag == "span"]
    assert languages.count("en") == languages.count("fr") > 50
    assert "NOT READY for beta" in PAGE.text
    assert "PAS PRÊT pour beta" in PAGE.text
    html_tag = next(attributes for tag, attributes in PAGE.found if tag == "html")
    assert html_tag["lang"] == "en"


def test_the_page_can_be_read_by_a_screen_reader_and_on_paper() -> None:
    tags = [tag for tag, _ in PAGE.found]
    assert tags.count("h1") == tags.count("main") == 1
    assert tags.count("table") == tags.count("caption")
    cells = [attributes for tag, attributes in PAGE.found if tag == "th"]
    assert all(attributes.get("scope") in {"col", "row"} for attributes in cells)
    drawings = [attributes for tag, attributes in PAGE.found if tag == "svg"]
    assert all(attributes.get("aria-label") for attributes in drawings)
    assert "@media print" in PAGE.text
    for sign in ("✓", "≈", "○", "✗"):
        assert sign in PAGE.text


def test_the_page_shows_evidence_with_digests_and_waivers_with_reasons() -> None:
    for made in GIVEN.values():
        assert made.sha256 in PAGE.text
        assert made.record.sha256 in PAGE.text
    assert "For now." in PAGE.text
    assert "ends soon" in PAGE.text
    assert MARK in PAGE.text


def test_the_comment_cannot_break_out_of_its_table() -> None:
    text = as_markdown(VERDICT, COURT, [])
    rows = [line for line in text.splitlines() if line.startswith("| ") and "**" in line]
    assert len(rows) == 2
    for row in rows:
        assert len(re.findall(r"(?<!\\)\|", row)) == 5
        assert "<script" not in row
        assert "@all" not in row
        assert not re.search(r"(?<!\\)\[a\]", row)
    assert text.startswith("## NOT READY for beta")


def test_junit_counts_every_unmet_criterion_as_a_failure() -> None:
    suite = ET.fromstring(as_junit(VERDICT)).find("testsuite")  # noqa: S314 - ours
    assert suite is not None
    assert (suite.get("tests"), suite.get("failures"), suite.get("skipped")) == ("4", "2", "0")
    failed = [case.get("name", "")[:4] for case in suite if case.find("failure") is not None]
    assert failed == ["X-02", "X-03"]


def test_sarif_names_the_line_of_each_unmet_criterion() -> None:
    [run] = json.loads(as_sarif(VERDICT, {"X-02": 42}))["runs"]
    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == [
        r.criterion.id for r in VERDICT.results
    ]
    assert [(r["ruleId"], r["level"]) for r in run["results"]] == [
        ("X-02", "warning"),
        ("X-03", "error"),
    ]
    place = run["results"][0]["locations"][0]["physicalLocation"]
    assert place["region"]["startLine"] == 42
    for result in run["results"]:
        assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"]


def test_oscal_finds_every_criterion_and_maps_nist_controls() -> None:
    assert as_oscal(VERDICT) == as_oscal(VERDICT)
    [result] = json.loads(as_oscal(VERDICT))["assessment-results"]["results"]
    states = [(f["title"], f["target"]["status"]["state"]) for f in result["findings"]]
    assert states == [
        ("X-01", "satisfied"),
        ("X-02", "not-satisfied"),
        ("X-03", "not-satisfied"),
        ("X-04", "satisfied"),
    ]
    assert nist_controls(VERDICT.results[0]) == ["cp-2.2"]
    observed = {o["uuid"] for o in result["observations"]}
    for finding in result["findings"]:
        assert finding["related-observations"][0]["observation-uuid"] in observed


def test_the_json_of_a_verdict_is_whole_and_always_the_same() -> None:
    text = as_json(VERDICT, COURT, GIVEN)
    assert text == as_json(VERDICT, COURT, dict(reversed(list(GIVEN.items()))))
    made = json.loads(text)
    assert (made["ready"], made["stage"]) == (False, "beta")
    assert made["counts"] == {"passed": 1, "waived": 1, "stale": 0, "missing": 1, "failed": 1}
    assert made["criteria"][3]["answers"][0]["findings"][0]["waiver"] == "W-001"


def test_the_badge_says_stage_and_count() -> None:
    made = ET.fromstring(as_badge(VERDICT))  # noqa: S314 - ours
    assert made.get("aria-label") == "readiness: beta, not ready 2/4"


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


def test_the_history_grows_and_is_drawn(tmp_path: Path) -> None:
    for day in range(3):
        remember(tmp_path, entry(time=(NOW + timedelta(days=day)).isoformat(), ready=day == 2))
    remember(tmp_path, entry(stage="pr"))
    entries = read_history(tmp_path, Stage.BETA)
    assert len(entries) == 3
    made = ET.fromstring(drawn(entries))  # noqa: S314 - ours
    dots = [dot.get("fill") for dot in made.iter() if dot.tag.endswith("circle")]
    assert dots == ["white", "white", "currentColor"]


def test_a_broken_history_is_named_by_its_line(tmp_path: Path) -> None:
    remember(tmp_path, entry())
    with (tmp_path / "history.jsonl").open("a") as file:
        file.write('{"stage": "beta"}\n')
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
