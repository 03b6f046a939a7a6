"""The scanner finished without an error, and found nothing at or above the level set."""

from collections.abc import Iterator, Mapping
from typing import Any

from pipelines.readiness.checks.check import Asked, Check, Option, UnreadableReportError, parsed
from pipelines.readiness.model import Finding, Reading

LEVELS = ("none", "note", "warning", "error")


def level(result: Mapping[str, Any], run: Mapping[str, Any]) -> str:
    """Return the level of a result: its own, else its rule's, else the format's default."""
    rules = {rule["id"]: rule for rule in run["tool"]["driver"].get("rules", ())}
    rule = rules.get(result.get("ruleId", ""), {})
    default: str = rule.get("defaultConfiguration", {}).get("level", "warning")
    return str(result.get("level", default))


def _errors(run: Mapping[str, Any]) -> Iterator[str]:
    for made in run.get("invocations", ()):
        for told in made.get("toolExecutionNotifications", ()):
            if told.get("level") == "error":
                yield told["message"]["text"]
        if not made.get("executionSuccessful", True):
            yield "the tool says that it did not succeed"


def _finding(result: Mapping[str, Any]) -> Finding:
    places = result.get("locations") or [{}]
    place = places[0].get("physicalLocation", {})
    region = place.get("region", {})
    return Finding(
        rule=result.get("ruleId", "unnamed"),
        where=place.get("artifactLocation", {}).get("uri", ""),
        message=result["message"]["text"],
        snippet=region.get("snippet", {}).get("text", ""),
        line=region.get("startLine", 0),
    )


def _looked_at(run: Mapping[str, Any]) -> frozenset[str]:
    """Return the files that a run names; a tool that names none vouches for its run alone."""
    names = [artifact["location"]["uri"] for artifact in run.get("artifacts", ())]
    return frozenset(names or filter(None, [run["tool"]["driver"].get("name")]))


def read(report: bytes, asked: Asked) -> Reading:
    """Read every run; what the tool looked at stands in `artifacts`, as the format says.

    Where evidence demands certain files (`covers`), a tool that names none proves nothing.
    """
    runs = parsed(report, holding="runs")["runs"]
    if not runs:
        raise UnreadableReportError("it holds no run")
    least = LEVELS.index(asked.options.get("level", "warning"))
    results = [(result, run) for run in runs for result in run.get("results", ())]
    kept = [(result, run) for result, run in results if not result.get("suppressions")]
    loud = [result for result, run in kept if LEVELS.index(level(result, run)) >= least]
    return Reading(
        seen=frozenset().union(*map(_looked_at, runs)),
        errors=tuple(error for run in runs for error in _errors(run)),
        findings=tuple(_finding(result) for result in loud),
        facts={"suppressed": len(results) - len(kept), "below the level": len(kept) - len(loud)},
    )


CHECK = Check(id="sarif", read=read, options={"level": Option(kind=str, known=frozenset(LEVELS))})
