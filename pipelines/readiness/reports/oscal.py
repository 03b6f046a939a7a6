"""The verdict as OSCAL assessment results: an observation and a finding per criterion."""

import json
import re
import uuid
from typing import Any

from pipelines.readiness import VERSION
from pipelines.readiness.reasons import say
from pipelines.readiness.verdict import Result, Verdict

OSCAL = "1.1.3"
NAMESPACE = uuid.UUID("6f0c2f9e-2f5b-5d0c-9b58-6a3f6f6f7d21")


def as_oscal(verdict: Verdict) -> str:
    """Return an assessment-results document; the same verdict has the same identifiers."""
    key = f"{verdict.subject.commit}/{verdict.stage}/{verdict.now.isoformat()}"
    time = verdict.now.isoformat()
    result = {
        "uuid": _uuid(key, "result"),
        "title": f"Readiness for {verdict.stage}",
        "description": f"Every criterion demanded at {verdict.stage}, judged on its evidence.",
        "start": time,
        "end": time,
        "props": [
            _prop("commit", verdict.subject.commit),
            _prop("ready", str(verdict.ready).lower()),
        ],
        "reviewed-controls": {"control-selections": [_controls(verdict)]},
        "observations": [_observation(r, key, time) for r in verdict.results],
        "findings": [_finding(r, key) for r in verdict.results],
    }
    made = {
        "assessment-results": {
            "uuid": _uuid(key, "document"),
            "metadata": {
                "title": "EVA API release readiness",
                "last-modified": time,
                "version": VERSION,
                "oscal-version": OSCAL,
            },
            "import-ap": {"href": "pipelines/readiness/criteria.toml"},
            "results": [result],
        }
    }
    return json.dumps(made, indent=1, ensure_ascii=False) + "\n"


def nist_controls(result: Result) -> list[str]:
    """Return the NIST SP 800-53 controls that a criterion speaks to, as OSCAL writes them."""
    found = [
        re.fullmatch(r"NIST 800-53 ([A-Z]{2}-\d+)(?:\((\d+)\))?", standard)
        for standard in result.criterion.standards
    ]
    return [f"{m[1].lower()}.{m[2]}" if m[2] else m[1].lower() for m in found if m]


def _controls(verdict: Verdict) -> dict[str, Any]:
    names = sorted({control for result in verdict.results for control in nist_controls(result)})
    return {"include-controls": [{"control-id": name} for name in names]}


def _observation(result: Result, key: str, time: str) -> dict[str, Any]:
    made = {
        "uuid": _uuid(key, result.criterion.id, "observation"),
        "title": result.criterion.id,
        "description": " ".join(f"{say(answer.reason)}." for answer in result.answers),
        "methods": ["TEST"],
        "collected": time,
    }
    seen = [
        {"href": answer.record, "description": f"{answer.demand.evidence} evidence"}
        for answer in result.answers
        if answer.record
    ]
    # The format knows no empty lists.
    return {**made, "relevant-evidence": seen} if seen else made


def _finding(result: Result, key: str) -> dict[str, Any]:
    state = "satisfied" if result.outcome.met else "not-satisfied"
    return {
        "uuid": _uuid(key, result.criterion.id, "finding"),
        "title": result.criterion.id,
        "description": result.criterion.statement.en,
        "props": [
            _prop("outcome", str(result.outcome)),
            _prop("severity", str(result.criterion.severity)),
        ],
        "target": {
            "type": "objective-id",
            "target-id": result.criterion.id,
            "status": {"state": state, "reason": str(result.outcome)},
        },
        "related-observations": [
            {"observation-uuid": _uuid(key, result.criterion.id, "observation")}
        ],
    }


def _prop(name: str, value: str) -> dict[str, str]:
    return {"name": name, "ns": "https://eva-api.invalid/ns/oscal", "value": value}


def _uuid(*parts: str) -> str:
    return str(uuid.uuid5(NAMESPACE, "\x1f".join(parts)))
