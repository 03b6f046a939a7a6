"""One criterion in full: what it demands, what was found, how to settle it."""

from collections.abc import Iterator

from rich.markup import escape

from pipelines.readiness.model import Language, Text
from pipelines.readiness.policy import Policy
from pipelines.readiness.reasons import say
from pipelines.readiness.reports import words
from pipelines.readiness.steps import next_step
from pipelines.readiness.verdict import Answer, Result, Verdict

OWNER = Text("Owner", "Responsable")
RUNBOOK = Text("Runbook", "Guide")
STANDARDS = Text("Standards", "Normes")
NOT_WRITTEN = Text("not written yet", "pas encore rédigé")
WAIVABLE = Text(
    "A finding may be waived in pipelines/readiness/waivers.toml by its fingerprint.",
    "Une constatation peut être levée dans pipelines/readiness/waivers.toml par son empreinte.",
)
NOT_WAIVABLE = Text("It cannot be waived.", "Aucune dérogation n'est possible.")
COMMAND = Text("made by", "produit par")


def explained(
    result: Result, verdict: Verdict, policy: Policy, language: Language
) -> Iterator[str]:
    """Yield the lines to print, with the markup of the terminal."""
    criterion, outcome = result.criterion, result.outcome
    title = f"[bold]{criterion.id}[/] {escape(criterion.statement[language])}"
    yield f"{title}\n{words.SIGNS[outcome]} {words.OUTCOMES[outcome][language]}"
    lacking = criterion.runbook in verdict.subject.lacks
    note = f" ({NOT_WRITTEN[language]})" if lacking else ""
    yield f"{OWNER[language]}: {criterion.owner}"
    yield f"{RUNBOOK[language]}: {criterion.runbook}{note}"
    yield f"{STANDARDS[language]}: {escape('; '.join(criterion.standards))}"
    for answer in result.answers:
        yield from _answer(answer, policy, language)
    source = policy.sources[result.worst.demand.evidence]
    step = next_step(result, source, verdict.subject, language)
    if step and not any(answer.findings for answer in result.answers):
        yield f"\n{words.NEXT[language]}: [bold]{escape(step)}[/]"
    if not outcome.met:
        yield f"\n{(WAIVABLE if criterion.waivable else NOT_WAIVABLE)[language]}"


def _answer(answer: Answer, policy: Policy, language: Language) -> Iterator[str]:
    demand, source = answer.demand, policy.sources[answer.demand.evidence]
    sign = words.SIGNS[answer.outcome]
    where = f"{source.id}, {demand.environment}, {demand.stage}"
    yield f"\n{sign} [bold]{escape(source.title[language])}[/] ({where})"
    yield f"  {escape(source.reader.statement)}"
    yield f"  → {escape(say(answer.reason, language))}"
    if source.run:
        yield f"  [dim]{COMMAND[language]}[/] {escape(' '.join(source.run))}"
    for name, value in answer.facts.items():
        yield f"  {escape(name)}: {escape(str(value))}"
    for seen in answer.findings:
        found = seen.finding
        place = f"{found.where}:{found.line}" if found.line else found.where
        waiver = f" [cyan]({seen.waiver.id})[/]" if seen.waiver else ""
        said = escape(f"{found.rule} {place}: {found.message}")
        yield f"  [bold]{seen.fingerprint}[/] {said}{waiver}"
