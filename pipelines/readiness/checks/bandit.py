"""Bandit read every Python file of the service and found nothing of the severity set or above."""

import re
from collections.abc import Mapping
from typing import Any

from pipelines.readiness.checks.check import Asked, Check, Option, parsed
from pipelines.readiness.model import Finding, Reading

SEVERITIES = ("UNDEFINED", "LOW", "MEDIUM", "HIGH")


def _finding(result: Mapping[str, Any]) -> Finding:
    return Finding(
        rule=result["test_id"],
        where=result["filename"].removeprefix("./"),
        message=result["issue_text"],
        snippet=re.sub(r"^\d+ ", "", result["code"], flags=re.MULTILINE),
        line=result["line_number"],
    )


def read(report: bytes, asked: Asked) -> Reading:
    """Read the JSON report: its exit code is 0 on files that it could not parse, `errors` tells."""
    made = parsed(report, holding="metrics")
    least = SEVERITIES.index(asked.options.get("severity", "MEDIUM"))
    loud = [r for r in made["results"] if SEVERITIES.index(r["issue_severity"]) >= least]
    total = made["metrics"]["_totals"]
    return Reading(
        seen=frozenset(name.removeprefix("./") for name in made["metrics"] if name != "_totals"),
        errors=tuple(f"{error['filename']}: {error['reason']}" for error in made["errors"]),
        findings=tuple(_finding(result) for result in loud),
        facts={
            "nosec": total["nosec"],
            "skipped tests": total["skipped_tests"],
            "below the severity": len(made["results"]) - len(loud),
        },
    )


CHECK = Check(
    id="bandit", read=read, options={"severity": Option(kind=str, known=frozenset(SEVERITIES))}
)
