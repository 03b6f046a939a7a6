"""The words of the gate: what is demanded, what was found, what was decided."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any, Literal

Language = Literal["en", "fr"]
Options = Mapping[str, Any]
Facts = Mapping[str, str | int | float]
FINGERPRINT_DIGITS = 16


class Stage(StrEnum):
    """How far a commit may go; a later stage demands all that the earlier ones do."""

    PR = "pr"
    BETA = "beta"
    PRODUCTION = "production"

    def includes(self, other: "Stage") -> bool:
        """Say whether what `other` demands is demanded here too."""
        order = list(Stage)
        return order.index(other) <= order.index(self)


class Environment(StrEnum):
    """Where evidence was made: on any one machine, or against the deployed staging system."""

    LOCAL = "local"
    STAGING = "staging"


class Area(StrEnum):
    """What part of readiness a criterion is about; reports go by it."""

    FUNCTIONAL = "functional"
    NON_FUNCTIONAL = "non-functional"
    SECURITY = "security"
    OPERATIONS = "operations"
    COMPLIANCE = "compliance"


class Severity(StrEnum):
    """How much an unmet criterion matters; `[policy] blocks` says which of them stop a release."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class Outcome(StrEnum):
    """What was decided, the best first. Only `passed` passes; `waived` is shown, never hidden."""

    PASSED = "passed"
    WAIVED = "waived"
    STALE = "stale"
    MISSING = "missing"
    FAILED = "failed"

    @property
    def met(self) -> bool:
        """Say whether a release may go on with this outcome."""
        return self in {Outcome.PASSED, Outcome.WAIVED}

    @staticmethod
    def worst(outcomes: "list[Outcome]") -> "Outcome":
        """Return the worst of them; nothing judged is missing."""
        order = list(Outcome)
        return max(outcomes, key=order.index, default=Outcome.MISSING)


@dataclass(frozen=True, slots=True)
class Text:
    """The same sentence in both official languages."""

    en: str
    fr: str

    def __getitem__(self, language: Language) -> str:
        """Return the sentence in one language."""
        return self.fr if language == "fr" else self.en


@dataclass(frozen=True, slots=True)
class Reason:
    """Why an outcome is what it is: a code of `reasons.py` and the values its sentence names."""

    code: str
    values: Mapping[str, str | Text] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """One piece of evidence that a criterion asks for, from which stage on and made where."""

    evidence: str
    stage: Stage
    environment: Environment
    max_age: timedelta
    options: Options = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Criterion:
    """A statement that is true or false of a commit, and the evidence that decides it."""

    id: str
    area: Area
    statement: Text
    severity: Severity
    owner: str
    runbook: str
    standards: tuple[str, ...]
    waivable: bool
    demands: tuple[Demand, ...]

    def demanded_at(self, stage: Stage) -> tuple[Demand, ...]:
        """Return the demands that count at a stage; none means not judged there."""
        return tuple(demand for demand in self.demands if stage.includes(demand.stage))


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing wrong, named so that it can be waived: its fingerprint forgets line numbers."""

    rule: str
    where: str
    message: str
    snippet: str = ""
    line: int = 0

    def fingerprint(self, check: str) -> str:
        """Return what a waiver names: the check, the rule, the place and the code, not the line."""
        said = "\x1f".join((check, self.rule, self.where, " ".join(self.snippet.split())))
        return hashlib.sha256(said.encode()).hexdigest()[:FINGERPRINT_DIGITS]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a report says when read: what it looked at, what it left out, what it found.

    `absent` names what was asked for and is not in the report, `dated` when its substance was
    established if that is older than the report (a person's review).
    """

    seen: frozenset[str]
    skipped: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    facts: Facts = field(default_factory=dict)
    dated: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """Proof that the tool looked at what it should have; `unexpected` is what nobody asked for."""

    expected: int
    seen: int
    skipped: int
    errors: int
    unseen: tuple[str, ...] = ()
    unexpected: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Database:
    """The advisories that a scanner compared with, and how new its newest entry is."""

    commit: str
    newest: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One run of one tool: on which commit, where, when, what it covered, what it wrote.

    `not_run` holds the reason where the tool could not run at all; there is no report then.
    """

    id: str
    tool: str
    version: str
    argv: tuple[str, ...]
    commit: str
    dirty: bool
    environment: Environment
    target: str
    mode: str
    started: datetime
    finished: datetime
    exit_code: int
    not_run: str
    coverage: Coverage
    database: Database | None
    report: str
    sha256: str
    media_type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """A record with its report's bytes; None where the file is gone or was altered since."""

    record: Record
    report: bytes | None
    path: str
    sha256: str


Evidence = Mapping[tuple[str, Environment], Material]


def same_person(one: str, other: str) -> bool:
    """Tell whether two names are one person's, however they are spelled."""
    return one.casefold().split() == other.casefold().split()


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiver:
    """Leave to release in spite of one finding, for a while, agreed by somebody else."""

    id: str
    criterion: str
    fingerprint: str
    reason: str
    owner: str
    author: str
    approver: str
    ticket: str
    created: date
    expires: date
