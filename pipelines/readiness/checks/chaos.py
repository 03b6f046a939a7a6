"""Every experiment was carried out, and the system kept its steady state or came back to it."""

from collections.abc import Iterator, Mapping
from typing import Any

from pipelines.readiness.checks.check import TEXTS, Asked, Check, matches, parsed
from pipelines.readiness.model import Finding, Reading

Journal = Mapping[str, Any]


def _wrong(name: str, journal: Journal) -> Iterator[Finding]:
    if journal["status"] != "completed":
        yield Finding(rule="not-completed", where=name, message=f"ended {journal['status']}")
    if journal["deviated"]:
        yield Finding(rule="deviated", where=name, message="the steady state was lost")
    for when in ("before", "after"):
        state = (journal["steady_states"].get(when) or {}).get("steady_state_met")
        if state is not True:
            said = f"the steady state was not met {when}"
            yield Finding(rule=f"steady-state-{when}", where=name, message=said)


def _idle(name: str, journal: Journal) -> Iterator[str]:
    done = [act for act in journal["run"] if act["status"] == "succeeded"]
    if not done or len(done) < len(journal["run"]):
        yield f"{name}: {len(done)} of {len(journal['run'])} actions succeeded"


def read(report: bytes, asked: Asked) -> Reading:
    """Read Chaos Toolkit's journals, by the path of each experiment."""
    journals = parsed(report, holding="journals")["journals"]
    patterns = asked.texts("experiments")
    chosen = {n: made for n, made in journals.items() if not patterns or matches(n, patterns)}
    return Reading(
        seen=frozenset(chosen),
        errors=tuple(error for name, made in chosen.items() for error in _idle(name, made)),
        absent=tuple(p for p in patterns if not any(matches(name, (p,)) for name in chosen)),
        findings=tuple(found for name, made in chosen.items() for found in _wrong(name, made)),
        facts={"experiments": len(chosen)},
    )


CHECK = Check(id="chaos", read=read, options={"experiments": TEXTS})
