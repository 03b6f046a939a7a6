"""The verdict: a pure function of policy, evidence, the commit judged, and the time."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain

from pipelines.readiness import doubts
from pipelines.readiness.checks.check import Asked
from pipelines.readiness.model import Criterion, Demand, Evidence, Outcome, Stage, Waiver
from pipelines.readiness.policy import Policy
from pipelines.readiness.verdict import Answer, Result, Subject, Verdict, WaiverState
from pipelines.readiness.weighing import Exhibit, weigh


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """What is judged, for which stage, and at what time."""

    subject: Subject
    stage: Stage
    now: datetime


def judge(policy: Policy, evidence: Evidence, moment: Moment) -> Verdict:
    """Decide every criterion that has a demand at the stage."""
    court = _Court(policy=policy, evidence=evidence, moment=moment)
    results = tuple(
        court.result(criterion)
        for criterion in policy.criteria
        if criterion.demanded_at(moment.stage)
    )
    return Verdict(
        stage=moment.stage,
        now=moment.now,
        subject=moment.subject,
        results=results,
        waivers=tuple((waiver, court.state(waiver, results)) for waiver in policy.waivers),
        ready=bool(results) and all(r.outcome.met or not r.blocks for r in results),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Court:
    policy: Policy
    evidence: Evidence
    moment: Moment

    def result(self, criterion: Criterion) -> Result:
        """Decide one criterion: the worst of the answers to its demands."""
        waivers = {
            waiver.fingerprint: waiver
            for waiver in self.policy.waivers
            if waiver.criterion == criterion.id and self.in_force(waiver)
        }
        demands = criterion.demanded_at(self.moment.stage)
        answers = tuple(self.answer(demand, waivers) for demand in demands)
        return Result(
            criterion=criterion,
            outcome=Outcome.worst([answer.outcome for answer in answers]),
            answers=answers,
            blocks=criterion.severity in self.policy.rules.blocks,
        )

    def answer(self, demand: Demand, waivers: Mapping[str, Waiver]) -> Answer:
        """Answer one demand: doubts about the evidence first, then what its report says."""
        subject, now = self.moment.subject, self.moment.now
        source = self.policy.sources[demand.evidence]
        material = self.evidence.get((demand.evidence, demand.environment))
        if material is None:
            reason = doubts.not_there(source, demand, subject)
            return Answer(demand=demand, outcome=Outcome.MISSING, reason=reason)
        doubt = next(
            chain(
                doubts.of_provenance(material, demand, subject, now),
                doubts.of_run(material, source.reader.exits),
            ),
            None,
        )
        if doubt is not None:
            outcome, reason = doubt
            return Answer(demand=demand, outcome=outcome, reason=reason, record=material.path)
        asked = Asked(
            options={**source.options, **demand.options},
            now=now,
            objectives=self.policy.objectives,
        )
        return weigh(
            Exhibit(
                material=material,
                demand=demand,
                check=source.reader,
                asked=asked,
                waivers=waivers,
            )
        )

    def in_force(self, waiver: Waiver) -> bool:
        """Say whether a waiver counts today."""
        return waiver.created <= self.moment.now.date() <= waiver.expires

    def state(self, waiver: Waiver, results: tuple[Result, ...]) -> WaiverState:
        """Say what a waiver does now; one that no finding needs any more is an orphan."""
        today = self.moment.now.date()
        result = next((r for r in results if r.criterion.id == waiver.criterion), None)
        if today > waiver.expires:
            return WaiverState.EXPIRED
        if today < waiver.created:
            return WaiverState.NOT_YET
        if result is None:
            return WaiverState.NOT_JUDGED
        seen = [seen for answer in result.answers for seen in answer.findings]
        if waiver not in [one.waiver for one in seen]:
            unread = any(a.outcome in {Outcome.MISSING, Outcome.STALE} for a in result.answers)
            return WaiverState.NOT_JUDGED if unread else WaiverState.ORPHAN
        soon = waiver.expires - today < timedelta(days=self.policy.rules.warning_days)
        return WaiverState.ENDS_SOON if soon else WaiverState.IN_USE
