"""The procedure was carried out step by step, and what it measured is within the limits."""

from pipelines.readiness.checks.check import (
    TABLE,
    TEXT,
    TEXTS,
    Asked,
    Check,
    UnreadableReportError,
    parsed,
)
from pipelines.readiness.model import Finding, Reading


def read(report: bytes, asked: Asked) -> Reading:
    """Read a rehearsal: `drill`, `steps` of `{name, ok, seconds}`, `measured` numbers by name.

    The option `steps` names what must have been done, `limits` the most that may be measured.
    """
    made = parsed(report, holding="steps")
    if made["drill"] != asked.options.get("drill", made["drill"]):
        raise UnreadableReportError(f"it is about {made['drill']!r}")
    done = {step["name"]: step for step in made["steps"]}
    limits = asked.options.get("limits", {})
    measured = made["measured"]
    failed = [
        Finding(rule="step-failed", where=name, message=str(step.get("said", "failed")))
        for name, step in done.items()
        if step["ok"] is not True
    ]
    beyond = [
        Finding(rule="beyond-limit", where=name, message=f"{measured[name]}, {most} allowed")
        for name, most in limits.items()
        if name in measured and measured[name] > most
    ]
    wanted = (*asked.texts("steps"), *limits)
    return Reading(
        seen=frozenset(done),
        absent=tuple(name for name in wanted if name not in done and name not in measured),
        findings=(*failed, *beyond),
        facts=measured,
    )


CHECK = Check(id="drill", read=read, options={"drill": TEXT, "steps": TEXTS, "limits": TABLE})
