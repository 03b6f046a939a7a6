"""A small court for tests: policies, records and moments that differ in one thing only."""

import tomllib
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from pipelines.readiness.catalogue import Source
from pipelines.readiness.judge import Moment, judge
from pipelines.readiness.model import (
    Area,
    Coverage,
    Criterion,
    Demand,
    Environment,
    Evidence,
    Material,
    Record,
    Severity,
    Stage,
    Text,
)
from pipelines.readiness.objectives import Limit, Profile
from pipelines.readiness.policy import Policy, Rules
from pipelines.readiness.records import digest
from pipelines.readiness.verdict import Answer, Subject, Verdict

EXAMPLES = Path(__file__).parent / "examples"
COMMIT, OTHER = "1" * 40, "2" * 40
NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
MADE = NOW - timedelta(hours=1)
LIMIT = Limit(p95_ms=2000, error_rate=0.001)
OBJECTIVES = {"peak": Profile(users=500, min_requests=100, classes={"ask": LIMIT, "read": LIMIT})}
FULL = Coverage(expected=2, seen=2, skipped=0, errors=0)


def example(check: str, kind: str) -> bytes:
    [path] = (EXAMPLES / check).glob(f"{kind}.*")
    return path.read_bytes()


def example_options(check: str) -> dict[str, Any]:
    path = EXAMPLES / check / "options.toml"
    return tomllib.loads(path.read_text()) if path.is_file() else {}


def source(name: str, check: str = "junit", **changes: Any) -> Source:
    made = Source(
        id=name,
        title=Text(name, name),
        check=check,
        run=("true",),
        version=(),
        report="report.bin",
        needs=(),
        after=(),
        alone=False,
        elsewhere=None,
        options={},
    )
    return replace(made, **changes)


def demand(name: str, **changes: Any) -> Demand:
    made = Demand(
        evidence=name,
        stage=Stage.BETA,
        environment=Environment.LOCAL,
        max_age=timedelta(days=45),
        options={},
    )
    return replace(made, **changes)


def criterion(name: str, *demands: Demand, **changes: Any) -> Criterion:
    made = Criterion(
        id=name,
        area=Area.SECURITY,
        statement=Text("It holds.", "C'est vrai."),
        severity=Severity.HIGH,
        owner="security-lead",
        runbook="SECURITY.md",
        standards=(),
        waivable=True,
        demands=demands,
    )
    return replace(made, **changes)


def policy(*criteria: Criterion, sources: Mapping[str, Source], **changes: Any) -> Policy:
    made = Policy(
        rules=Rules(blocks=frozenset(Severity) - {Severity.LOW}, waiver_days=90, warning_days=14),
        criteria=criteria,
        sources=sources,
        waivers=(),
        objectives=OBJECTIVES,
        files=(),
    )
    return replace(made, **changes)


def material(name: str, report: bytes, **changes: Any) -> Material:
    made = Record(
        id=name,
        tool="tool",
        version="1.0",
        argv=("tool",),
        commit=COMMIT,
        dirty=False,
        environment=Environment.LOCAL,
        target="",
        mode="",
        started=MADE - timedelta(seconds=9),
        finished=MADE,
        exit_code=0,
        not_run="",
        coverage=FULL,
        database=None,
        report="report.bin",
        sha256=digest(report),
        media_type="application/octet-stream",
    )
    return Material(
        record=replace(made, **changes),
        report=report,
        path=f"evidence/local/{name}/record.json",
        sha256="a" * 64,
    )


def evidence(*materials: Material) -> Evidence:
    return {(made.record.id, made.record.environment): made for made in materials}


def moment(**changes: Any) -> Moment:
    subject = Subject(commit=COMMIT, dirty=False)
    return replace(Moment(subject=subject, stage=Stage.BETA, now=NOW), **changes)


def decided(check: str, report: bytes | None, **changes: Any) -> Verdict:
    """Judge one criterion that demands one report of one check."""
    kind = source("it", check, options=example_options(check))
    court = policy(criterion("X-01", demand("it")), sources={"it": kind})
    return judge(court, evidence(*_given(report, changes)), moment())


def _given(report: bytes | None, changes: Mapping[str, Any]) -> list[Material]:
    return [] if report is None else [material("it", report, **changes)]


def only_answer(verdict: Verdict) -> Answer:
    [result] = verdict.results
    [answer] = result.answers
    return answer
