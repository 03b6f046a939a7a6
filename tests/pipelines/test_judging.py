"""Which evidence counts, and what is decided from it."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from pipelines.readiness.judge import judge
from pipelines.readiness.model import (
    Database,
    Environment,
    Outcome,
    Severity,
    Stage,
    Text,
    Waiver,
)
from pipelines.readiness.reasons import say
from pipelines.readiness.verdict import Subject, WaiverState
from tests.pipelines.court import (
    COMMIT,
    FULL,
    MADE,
    NOW,
    OTHER,
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

GOOD, BAD = example("junit", "good"), example("junit", "bad")
DATED = Database(commit="c", newest=NOW - timedelta(days=9))
DOES_NOT_COUNT: dict[str, tuple[dict[str, Any], Outcome]] = {
    "other-commit": ({"commit": OTHER}, Outcome.STALE),
    "dirty-record": ({"dirty": True}, Outcome.STALE),
    "too-old": ({"finished": NOW - timedelta(days=46)}, Outcome.STALE),
    "from-the-future": ({"finished": NOW + timedelta(hours=1)}, Outcome.MISSING),
    "not-run": ({"not_run": "no advisories"}, Outcome.MISSING),
    "crashed": ({"exit_code": 2}, Outcome.MISSING),
    "database-too-old": ({"database": DATED}, Outcome.STALE),
    "tool-errors": ({"coverage": replace(FULL, errors=1)}, Outcome.MISSING),
    "unseen": ({"coverage": replace(FULL, seen=0, expected=0)}, Outcome.MISSING),
}


@pytest.mark.parametrize("code", DOES_NOT_COUNT)
def test_evidence_that_does_not_count_says_why(code: str) -> None:
    changes, outcome = DOES_NOT_COUNT[code]
    answer = only_answer(decided("junit", GOOD, **changes))
    assert (answer.reason.code, answer.outcome) == (code, outcome)


def test_touching_the_tree_makes_all_evidence_stale() -> None:
    court = policy(criterion("X-01", demand("it")), sources={"it": source("it")})
    given = evidence(material("it", GOOD))
    assert judge(court, given, moment()).ready
    touched = judge(court, given, moment(subject=Subject(commit=COMMIT, dirty=True)))
    assert only_answer(touched).reason.code == "dirty-tree"
    assert not touched.ready


def test_a_report_altered_after_its_record_does_not_count() -> None:
    court = policy(criterion("X-01", demand("it")), sources={"it": source("it")})
    altered = replace(material("it", GOOD), report=None)
    answer = only_answer(judge(court, evidence(altered), moment()))
    assert (answer.reason.code, answer.outcome) == ("altered", Outcome.MISSING)


@pytest.mark.parametrize(
    ("target", "counts"),
    [
        ("https://staging.example.ca", True),
        ("http://staging.example.ca", False),
        ("https://127.0.0.1:8000", False),
        ("https://10.0.0.4", False),
        ("https://localhost", False),
        ("https://eva.localhost", False),
        ("", False),
    ],
)
def test_staging_evidence_names_a_remote_https_address(target: str, counts: bool) -> None:
    wanted = demand("it", environment=Environment.STAGING)
    court = policy(criterion("X-01", wanted), sources={"it": source("it")})
    made = material("it", GOOD, environment=Environment.STAGING, target=target)
    answer = only_answer(judge(court, evidence(made), moment()))
    expected = ("passed" if counts else "local-target",)
    assert (answer.reason.code,) == expected


def test_local_evidence_never_answers_a_demand_for_staging() -> None:
    wanted = demand("it", environment=Environment.STAGING)
    court = policy(criterion("X-01", wanted), sources={"it": source("it")})
    answer = only_answer(judge(court, evidence(material("it", GOOD)), moment()))
    assert say(answer.reason) == "no it evidence from staging"


def test_what_is_not_built_or_runs_elsewhere_is_said_so() -> None:
    there = Text("in the workflow", "dans le processus")
    sources = {
        "e2e": source("e2e", needs=("tests/e2e",)),
        "zap": source("zap", "sarif", elsewhere=there),
    }
    court = policy(
        criterion("X-01", demand("e2e")), criterion("X-02", demand("zap")), sources=sources
    )
    lacking = Subject(commit=COMMIT, dirty=False, lacks=frozenset({"tests/e2e"}))
    first, second = judge(court, {}, moment(subject=lacking)).results
    assert say(first.worst.reason) == "e2e: nothing to run yet, tests/e2e is not there"
    assert say(second.worst.reason, "fr") == "zap n'est pas exécuté ici : dans le processus"


def test_a_stage_demands_all_that_earlier_stages_do() -> None:
    court = policy(
        criterion("X-01", demand("it", stage=Stage.PR)),
        criterion("X-02", demand("it", stage=Stage.PRODUCTION)),
        sources={"it": source("it")},
    )
    judged = {
        stage: [r.criterion.id for r in judge(court, {}, moment(stage=stage)).results]
        for stage in Stage
    }
    assert judged == {
        Stage.PR: ["X-01"],
        Stage.BETA: ["X-01"],
        Stage.PRODUCTION: ["X-01", "X-02"],
    }


def test_a_criterion_is_as_good_as_its_worst_answer() -> None:
    court = policy(
        criterion("X-01", demand("good"), demand("bad"), demand("none")),
        sources={name: source(name) for name in ("good", "bad", "none")},
    )
    given = evidence(material("good", GOOD), material("bad", BAD))
    [result] = judge(court, given, moment()).results
    assert [a.outcome for a in result.answers] == [Outcome.PASSED, Outcome.FAILED, Outcome.MISSING]
    assert result.outcome is Outcome.FAILED


def test_only_severities_that_block_stop_a_release() -> None:
    low = criterion("X-01", demand("it"), severity=Severity.LOW)
    verdict = judge(policy(low, sources={"it": source("it")}), {}, moment())
    assert verdict.ready
    assert verdict.unmet


def test_a_verdict_about_nothing_is_not_ready() -> None:
    assert not judge(policy(sources={}), {}, moment()).ready


def waiver(fingerprint: str, **changes: Any) -> Waiver:
    made = Waiver(
        id="W-001",
        criterion="X-01",
        fingerprint=fingerprint,
        reason="Accepted for now.",
        owner="owner",
        author="author",
        approver="approver",
        ticket="T-1",
        created=date(2026, 5, 1),
        expires=date(2026, 7, 1),
    )
    return replace(made, **changes)


def waived(*waivers: Waiver, report: bytes | None = BAD, **changes: Any) -> Any:
    court = policy(
        criterion("X-01", demand("it")), sources={"it": source("it")}, waivers=tuple(waivers)
    )
    given = [] if report is None else [material("it", report, **changes)]
    return judge(court, evidence(*given), moment())


[FOUND] = only_answer(decided("junit", BAD)).findings
MARK = FOUND.fingerprint


def test_a_waived_finding_lets_a_release_go_on_and_stays_visible() -> None:
    verdict = waived(waiver(MARK))
    answer = only_answer(verdict)
    assert (answer.outcome, verdict.ready) == (Outcome.WAIVED, True)
    assert [seen.waiver.id for seen in answer.findings if seen.waiver] == ["W-001"]
    assert [state for _, state in verdict.waivers] == [WaiverState.IN_USE]


@pytest.mark.parametrize(
    ("changes", "state"),
    [
        ({"expires": date(2026, 5, 31)}, WaiverState.EXPIRED),
        ({"created": date(2026, 6, 2)}, WaiverState.NOT_YET),
        ({"fingerprint": "0" * 16}, WaiverState.ORPHAN),
        ({"criterion": "X-02"}, WaiverState.NOT_JUDGED),
    ],
)
def test_a_waiver_that_does_not_apply_waives_nothing(
    changes: dict[str, Any], state: WaiverState
) -> None:
    verdict = waived(replace(waiver(MARK), **changes))
    assert only_answer(verdict).outcome is Outcome.FAILED
    assert [found for _, found in verdict.waivers] == [state]


def test_a_waiver_about_to_end_is_reported() -> None:
    verdict = waived(waiver(MARK, expires=date(2026, 6, 10)))
    assert verdict.ready
    assert [state for _, state in verdict.waivers] == [WaiverState.ENDS_SOON]


def test_a_waiver_covers_its_finding_only() -> None:
    more = BAD.replace(b'time="0.1"/>', b'time="0.1"><failure message="other"/></testcase>')
    answer = only_answer(waived(waiver(MARK), report=more))
    assert answer.outcome is Outcome.FAILED
    assert answer.reason.values["count"] == "1"


def test_missing_and_stale_evidence_cannot_be_waived() -> None:
    assert only_answer(waived(waiver(MARK), report=None)).outcome is Outcome.MISSING
    assert only_answer(waived(waiver(MARK), commit=OTHER)).outcome is Outcome.STALE
    short = replace(FULL, seen=1)
    assert only_answer(waived(waiver(MARK), coverage=short)).outcome is Outcome.MISSING


def test_the_time_given_decides_not_the_clock() -> None:
    court = policy(criterion("X-01", demand("it")), sources={"it": source("it")})
    given = evidence(material("it", GOOD))
    later = judge(court, given, moment(now=MADE + timedelta(days=46)))
    assert only_answer(later).outcome is Outcome.STALE
    assert only_answer(judge(court, given, moment(now=MADE))).outcome is Outcome.PASSED
