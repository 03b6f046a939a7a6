"""The whole verdict as JSON, for programs; the attestation names its digest."""

import json
from collections.abc import Callable
from typing import Any

from pipelines.readiness.model import Evidence, Language
from pipelines.readiness.policy import Policy
from pipelines.readiness.reasons import say
from pipelines.readiness.steps import next_step
from pipelines.readiness.verdict import Answer, Result, Verdict

SCHEMA = "eva-readiness/1"


def as_json(verdict: Verdict, policy: Policy, evidence: Evidence) -> str:
    """Return the verdict as JSON: the same verdict is always the same text."""
    made = {
        "schema": SCHEMA,
        "stage": verdict.stage,
        "time": verdict.now.isoformat(),
        "commit": verdict.subject.commit,
        "dirty": verdict.subject.dirty,
        "ready": verdict.ready,
        "counts": verdict.counts,
        "criteria": [_result(result, policy, verdict) for result in verdict.results],
        "waivers": [{"id": waiver.id, "state": state} for waiver, state in verdict.waivers],
        "evidence": [
            {
                "id": name,
                "environment": environment,
                "record": material.path,
                "sha256": material.sha256,
                "report_sha256": material.record.sha256,
                "finished": material.record.finished.isoformat(),
            }
            for (name, environment), material in sorted(evidence.items())
        ],
    }
    return json.dumps(made, indent=1, ensure_ascii=False) + "\n"


def _result(result: Result, policy: Policy, verdict: Verdict) -> dict[str, Any]:
    source = policy.sources[result.worst.demand.evidence]
    return {
        "id": result.criterion.id,
        "area": result.criterion.area,
        "statement": _both(result.criterion.statement.__getitem__),
        "severity": result.criterion.severity,
        "blocks": result.blocks,
        "owner": result.criterion.owner,
        "outcome": result.outcome,
        "reason": _both(lambda language: say(result.worst.reason, language)),
        "next": next_step(result, source, verdict.subject),
        "answers": [_answer(answer) for answer in result.answers],
    }


def _answer(answer: Answer) -> dict[str, Any]:
    return {
        "evidence": answer.demand.evidence,
        "environment": answer.demand.environment,
        "outcome": answer.outcome,
        "reason": answer.reason.code,
        "said": say(answer.reason),
        "record": answer.record,
        "facts": dict(answer.facts),
        "findings": [
            {
                "rule": seen.finding.rule,
                "where": seen.finding.where,
                "line": seen.finding.line,
                "message": seen.finding.message,
                "fingerprint": seen.fingerprint,
                "waiver": seen.waiver.id if seen.waiver else None,
            }
            for seen in answer.findings
        ],
    }


def _both(said: Callable[[Language], str]) -> dict[Language, str]:
    return {"en": said("en"), "fr": said("fr")}
