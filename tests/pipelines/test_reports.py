"""Each form says the same verdict, and what tools and people wrote stays text in it."""

import json
import re
from xml.etree import ElementTree as ET

from pipelines.readiness.reports.badge import as_badge
from pipelines.readiness.reports.data import as_json
from pipelines.readiness.reports.html import as_html
from pipelines.readiness.reports.junit import as_junit
from pipelines.readiness.reports.markdown import as_markdown
from pipelines.readiness.reports.oscal import as_oscal, nist_controls
from pipelines.readiness.reports.sarif import as_sarif
from tests.pipelines.told import COURT, GIVEN, MARK, VERDICT, Page, story

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
    assert "[cases: " in PAGE.text
    assert "[cas: " in PAGE.text
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
    assert ["relevant-evidence" in o for o in result["observations"]] == [True, True, False, True]
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
