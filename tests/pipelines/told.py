"""A verdict with one criterion of each kind, as the reports tell it, and how a page is read."""

from datetime import date
from html import escape
from html.parser import HTMLParser
from typing import Any

from pipelines.readiness.history import summarised
from pipelines.readiness.judge import judge
from pipelines.readiness.model import Area, Criterion, Severity, Text, Waiver
from pipelines.readiness.reports.html import Story
from tests.pipelines.court import (
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
        criterion("X-03", demand("none"), area=Area.COMPLIANCE),
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
