"""No secret is in any file under version control, nor in what its history added."""

from pipelines.readiness.checks.check import Asked, Check, parsed
from pipelines.readiness.model import Finding, Reading

CANARY = "canary"


def read(report: bytes, _asked: Asked) -> Reading:
    """Read what detect-secrets found per file, with the list of files that it was given.

    A planted secret must be among the findings: a scanner that finds nothing at all proves nothing.
    """
    made = parsed(report, holding="results")
    found = {name: results for name, results in made["results"].items() if results}
    alive = found.pop(CANARY, [])
    return Reading(
        seen=frozenset(made["scanned"]),
        errors=() if alive else ("the planted secret was not found",),
        findings=tuple(
            Finding(
                rule=result["type"],
                where=name,
                message=f"{result['type']} (line {result['line_number']})",
                snippet=result["hashed_secret"],
                line=result["line_number"],
            )
            for name, results in sorted(found.items())
            for result in results
        ),
        facts={"commits of history": made.get("history_commits", 0)},
    )


CHECK = Check(id="secrets", read=read)
