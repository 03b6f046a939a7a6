"""The criteria by area: what each ended in, why, what was found, and what to do next."""

from collections.abc import Mapping
from itertools import groupby

from pipelines.readiness.model import Outcome, Text
from pipelines.readiness.reasons import say
from pipelines.readiness.reports import words
from pipelines.readiness.reports.html.markup import Markup, both, joined, table, tag
from pipelines.readiness.reports.html.story import Story
from pipelines.readiness.steps import next_step
from pipelines.readiness.verdict import Answer, Result, Seen

MOST_FINDINGS = 20
HEAD = [
    both(Text("Id", "No")),
    both(Text("Outcome", "Résultat")),
    both(Text("Criterion, why, and what next", "Critère, motif et suite")),
    both(Text("Owner", "Responsable")),
    both(Text("Standards", "Normes")),
]


def criteria(story: Story) -> Markup:
    """Return one table per area."""
    parts = [tag("h2", both(words.CRITERIA))]
    for area, results in groupby(story.verdict.results, key=lambda r: r.criterion.area):
        rows = [_row(result, story) for result in results]
        parts.append(table(both(words.AREAS[area]), HEAD, rows, "criteria"))
    return joined(*parts)


def outcome_said(outcome: Outcome) -> Markup:
    """Return an outcome by its sign and its word, coloured where there are colours."""
    sign = joined(words.SIGNS[outcome], " ")
    return tag("span", sign, both(words.OUTCOMES[outcome]), class_=str(outcome))


def _row(result: Result, story: Story) -> list[Markup]:
    criterion = result.criterion
    source = story.policy.sources[result.worst.demand.evidence]
    subject = story.verdict.subject
    step = Text(next_step(result, source, subject, "en"), next_step(result, source, subject, "fr"))
    said = joined(
        both(criterion.statement),
        tag("ul", *(tag("li", _answer(answer)) for answer in result.answers)),
        tag("code", both(step)) if step.en else Markup(),
    )
    return [
        joined(criterion.id),
        outcome_said(result.outcome),
        said,
        joined(criterion.owner),
        joined("; ".join(criterion.standards)),
    ]


def _answer(answer: Answer) -> Markup:
    reason = Text(say(answer.reason), say(answer.reason, "fr"))
    facts = Text(_facts(answer), _facts(answer, words.FACTS))
    shown = [tag("li", _finding(seen)) for seen in answer.findings[:MOST_FINDINGS]]
    left = len(answer.findings) - len(shown)
    if left > 0:
        shown.append(tag("li", f"+{left}"))
    return joined(
        outcome_said(answer.outcome),
        " ",
        tag("strong", answer.demand.evidence),
        f" ({answer.demand.environment}) ",
        both(reason),
        both(facts),
        tag("ul", *shown) if shown else Markup(),
    )


def _facts(answer: Answer, names: Mapping[str, str] | None = None) -> str:
    said = [f"{(names or {}).get(name, name)}: {value}" for name, value in answer.facts.items()]
    return f" [{', '.join(said)}]" if said else ""


def _finding(seen: Seen) -> Markup:
    finding = seen.finding
    place = f"{finding.where}:{finding.line}" if finding.line else finding.where
    said = joined(tag("code", seen.fingerprint), f" {finding.rule} {place}: {finding.message}")
    if seen.waiver is None:
        return said
    return joined(said, f" [{seen.waiver.id}: {seen.waiver.reason}]")
