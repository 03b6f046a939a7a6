"""What the gate decided: criterion by criterion, with every reason, and what each waiver does."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from pipelines.readiness.model import (
    Criterion,
    Demand,
    Facts,
    Finding,
    Outcome,
    Reason,
    Stage,
    Waiver,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What is judged: a commit, whether the tree differs from it, and which files it lacks."""

    commit: str
    dirty: bool
    lacks: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A finding with its fingerprint, and the waiver that covers it, if one does."""

    finding: Finding
    fingerprint: str
    waiver: Waiver | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """How one demand was answered, by which record, and why the outcome is what it is."""

    demand: Demand
    outcome: Outcome
    reason: Reason
    findings: tuple[Seen, ...] = ()
    facts: Facts = field(default_factory=dict)
    record: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """How one criterion was decided; its outcome is the worst of its answers."""

    criterion: Criterion
    outcome: Outcome
    answers: tuple[Answer, ...]
    blocks: bool

    @property
    def worst(self) -> Answer:
        """Return the answer that decided."""
        return next(answer for answer in self.answers if answer.outcome is self.outcome)

    @property
    def doubts(self) -> tuple[Reason, ...]:
        """Return why it did not pass, the reason that decided first, each once."""
        unmet = [a.reason for a in self.answers if a.outcome is not Outcome.PASSED]
        ordered = [self.worst.reason, *unmet] if unmet else []
        return tuple(r for n, r in enumerate(ordered) if r not in ordered[:n])


class WaiverState(StrEnum):
    """What a waiver does at this moment."""

    IN_USE = "in use"
    ENDS_SOON = "ends soon"
    EXPIRED = "expired"
    NOT_YET = "not yet valid"
    ORPHAN = "orphan"
    NOT_JUDGED = "not judged"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The whole decision. `ready` is true if no blocking criterion is unmet."""

    stage: Stage
    now: datetime
    subject: Subject
    results: tuple[Result, ...]
    waivers: tuple[tuple[Waiver, WaiverState], ...]
    ready: bool

    @property
    def counts(self) -> Mapping[Outcome, int]:
        """Return how many criteria ended in each outcome."""
        found = [result.outcome for result in self.results]
        return {outcome: found.count(outcome) for outcome in Outcome}

    @property
    def unmet(self) -> tuple[Result, ...]:
        """Return the criteria that are not met, in their own order."""
        return tuple(result for result in self.results if not result.outcome.met)
