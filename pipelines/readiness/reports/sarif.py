"""The verdict as SARIF 2.1.0: a criterion is a rule, an unmet one a result at its definition."""

import json
from typing import Any

from pipelines.readiness import VERSION
from pipelines.readiness.model import Severity
from pipelines.readiness.policy import CRITERIA, FOLDER
from pipelines.readiness.reasons import say
from pipelines.readiness.verdict import Result, Verdict, WaiverState

LEVELS = {
    Severity.CRITICAL: "error",
    Severity.HIGH: "error",
    Severity.MEDIUM: "warning",
    Severity.LOW: "note",
}
SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/schemas/sarif-schema-2.1.0.json"


def as_sarif(verdict: Verdict, lines: dict[str, int]) -> str:
    """Return the log; `lines` says where in the criteria's file each one is defined."""
    driver = {
        "name": "eva-gate",
        "semanticVersion": VERSION,
        "rules": [_rule(result) for result in verdict.results],
    }
    run = {
        "tool": {"driver": driver},
        "automationDetails": {"id": f"readiness/{verdict.stage}/"},
        "versionControlProvenance": [
            {"repositoryUri": "https://eva-api.invalid", "revisionId": verdict.subject.commit}
        ],
        "invocations": [
            {
                "executionSuccessful": True,
                "endTimeUtc": verdict.now.strftime("%Y-%m-%dT%H:%M:%SZ"),
            }
        ],
        "results": [
            _result(result, index, lines)
            for index, result in enumerate(verdict.results)
            if not result.outcome.met
        ],
        "properties": {
            "ready": verdict.ready,
            "waivers": [w.id for w, state in verdict.waivers if state is WaiverState.IN_USE],
        },
    }
    made = {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}
    return json.dumps(made, indent=1, ensure_ascii=False) + "\n"


def _rule(result: Result) -> dict[str, Any]:
    criterion = result.criterion
    return {
        "id": criterion.id,
        "shortDescription": {"text": criterion.statement.en},
        "help": {"text": f"Owner: {criterion.owner}. Runbook: {criterion.runbook}."},
        "defaultConfiguration": {"level": LEVELS[criterion.severity]},
        "properties": {"tags": [criterion.area, *criterion.standards]},
    }


def _result(result: Result, index: int, lines: dict[str, int]) -> dict[str, Any]:
    criterion = result.criterion
    place = {
        "artifactLocation": {"uri": f"{FOLDER}/{CRITERIA}"},
        "region": {"startLine": lines.get(criterion.id, 1)},
    }
    return {
        "ruleId": criterion.id,
        "ruleIndex": index,
        "kind": "fail",
        "level": LEVELS[criterion.severity],
        "message": {"text": f"{result.outcome}: {say(result.worst.reason)}"},
        "locations": [{"physicalLocation": place}],
        "partialFingerprints": {"criterion/v1": criterion.id},
    }
