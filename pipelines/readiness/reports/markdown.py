"""The verdict for a pull request: unmet criteria first, the rest folded away."""

from pipelines.readiness.history import Change
from pipelines.readiness.policy import Policy
from pipelines.readiness.reasons import say
from pipelines.readiness.reports import words
from pipelines.readiness.steps import next_step
from pipelines.readiness.verdict import Result, Verdict, WaiverState


def as_markdown(verdict: Verdict, policy: Policy, changes: list[Change]) -> str:
    """Return the page in GitHub's Markdown."""
    head = (words.READY if verdict.ready else words.NOT_READY).en.format(stage=verdict.stage)
    counts = ", ".join(f"{count} {name}" for name, count in verdict.counts.items() if count)
    met = [result for result in verdict.results if result.outcome.met]
    parts = [f"## {head}", f"`{verdict.subject.commit[:12]}`: {counts}."]
    if verdict.unmet:
        parts.append(_table(verdict.unmet, policy, verdict))
    if met:
        rows = "\n".join(
            f"- {_sign(r)} **{r.criterion.id}** {r.criterion.statement.en}" for r in met
        )
        parts.append(f"<details><summary>{len(met)} met</summary>\n\n{rows}\n</details>")
    worse = [change for change in changes if change.worse]
    if worse:
        rows = "\n".join(f"- {c.criterion}: {c.before} → {c.after}" for c in worse)
        parts.append(f"Worse than the last accepted release:\n{rows}")
    notes = [
        f"- {waiver.id} ({waiver.criterion}): {words.WAIVER_STATES[state].en}, {waiver.expires}"
        for waiver, state in verdict.waivers
        if state is not WaiverState.NOT_JUDGED
    ]
    if notes:
        parts.append("Waivers:\n" + "\n".join(notes))
    return "\n\n".join(parts) + "\n"


def _table(unmet: tuple[Result, ...], policy: Policy, verdict: Verdict) -> str:
    rows = ["| | criterion | why | next |", "|---|---|---|---|"]
    for result in unmet:
        source = policy.sources[result.worst.demand.evidence]
        step = next_step(result, source, verdict.subject)
        cells = (
            f"{_sign(result)} {result.outcome}",
            f"**{result.criterion.id}** {result.criterion.statement.en}",
            "; ".join(say(reason) for reason in result.doubts),
            f"`{step}`",
        )
        rows.append("| " + " | ".join(_cell(cell) for cell in cells) + " |")
    return "\n".join(rows)


def _sign(result: Result) -> str:
    return words.SIGNS[result.outcome]


def _cell(text: str) -> str:
    """Return a text that cannot leave its cell, nor become a link, an image or a mention."""
    one_line = " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")
    return one_line.replace("[", "\\[").replace("@", "@\u200b")
