"""A named person who did not do the work looked at it, accepted it, and left nothing open."""

import tomllib
from datetime import UTC, datetime, time

from pipelines.readiness.checks.check import TEXT, Asked, Check
from pipelines.readiness.model import Finding, Reading

SAID = ("reviewer", "role", "scope", "commit")


def read(report: bytes, asked: Asked) -> Reading:
    """Read a review of `security/reviews/`; its own date counts, not that of reading it."""
    made = tomllib.loads(report.decode())
    topic = made["topic"]
    findings = []
    if made["reviewer"] in made["authors"]:
        said = f"{made['reviewer']} reviewed their own work"
        findings.append(Finding(rule="not-independent", where=topic, message=said))
    if made["verdict"] != "accepted":
        findings.append(Finding(rule="not-accepted", where=topic, message=made["verdict"]))
    findings += [Finding(rule="open", where=topic, message=said) for said in made["open"]]
    wanted = asked.options.get("topic", topic)
    return Reading(
        seen=frozenset({topic}),
        absent=(
            *(f"{name} of the review" for name in SAID if not str(made.get(name, "")).strip()),
            *((f"a review of {wanted}",) if topic != wanted else ()),
        ),
        findings=tuple(findings),
        facts={"reviewer": made["reviewer"], "date": str(made["date"])},
        dated=datetime.combine(made["date"], time(), tzinfo=UTC),
    )


CHECK = Check(id="review", read=read, options={"topic": TEXT})
