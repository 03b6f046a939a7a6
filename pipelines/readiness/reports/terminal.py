"""The verdict on a terminal: what is unmet, why, and what to type next."""

from itertools import groupby

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from pipelines.readiness.model import Language, Outcome
from pipelines.readiness.policy import Policy
from pipelines.readiness.reasons import say
from pipelines.readiness.reports import words
from pipelines.readiness.steps import next_step
from pipelines.readiness.verdict import Result, Verdict, WaiverState

COLOURS = {
    Outcome.PASSED: "green",
    Outcome.WAIVED: "cyan",
    Outcome.STALE: "yellow",
    Outcome.MISSING: "yellow",
    Outcome.FAILED: "red",
}


def show(verdict: Verdict, policy: Policy, console: Console, language: Language = "en") -> None:
    """Print every criterion by area, then waivers that need a look, then the verdict."""
    for area, results in groupby(verdict.results, key=lambda result: result.criterion.area):
        table = Table(box=None, show_header=False, pad_edge=False, expand=True)
        table.add_column(width=4)
        table.add_column(width=11)
        table.add_column(ratio=1)
        for result in results:
            table.add_row(*_row(result, policy, verdict, language))
        console.print(f"\n[bold]{words.AREAS[area][language]}[/]")
        console.print(table)
    _show_waivers(verdict, console, language)
    console.print(f"\n{summary(verdict, language)}")


def summary(verdict: Verdict, language: Language = "en") -> str:
    """Return the verdict in one line, with how many criteria ended in each outcome."""
    head = words.READY if verdict.ready else words.NOT_READY
    colour = "green" if verdict.ready else "red"
    counts = ", ".join(
        f"[{COLOURS[outcome]}]{count} {words.OUTCOMES[outcome][language]}[/]"
        for outcome, count in verdict.counts.items()
        if count
    )
    commit = verdict.subject.commit[:12] + (" +" if verdict.subject.dirty else "")
    return f"[bold {colour}]{head[language].format(stage=verdict.stage)}[/]  {commit}  {counts}"


def _row(
    result: Result, policy: Policy, verdict: Verdict, language: Language
) -> tuple[str, str, str]:
    colour = COLOURS[result.outcome]
    said = [escape(result.criterion.statement[language])]
    said += [
        f"[dim]{words.WHY[language]}:[/] {escape(say(reason, language))}"
        for reason in result.doubts
    ]
    source = policy.sources[result.worst.demand.evidence]
    step = next_step(result, source, verdict.subject, language)
    if step:
        said.append(f"[dim]{words.NEXT[language]}:[/] [bold]{escape(step)}[/]")
    outcome = (
        f"[{colour}]{words.SIGNS[result.outcome]} {words.OUTCOMES[result.outcome][language]}[/]"
    )
    return result.criterion.id, outcome, "\n".join(said)


def _show_waivers(verdict: Verdict, console: Console, language: Language) -> None:
    shown = [pair for pair in verdict.waivers if pair[1] is not WaiverState.NOT_JUDGED]
    if shown:
        console.print(f"\n[bold]{words.WAIVERS[language]}[/]")
    for waiver, state in shown:
        said = words.WAIVER_STATES[state][language]
        line = f"{waiver.id} {waiver.criterion} {said}, → {waiver.expires} ({waiver.owner})"
        console.print(escape(line), highlight=False)
