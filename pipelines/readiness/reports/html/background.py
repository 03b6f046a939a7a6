"""What stands behind the verdict: waivers, the last release, earlier verdicts, the evidence."""

from pipelines.readiness.history import NOT_JUDGED, Change
from pipelines.readiness.model import Material, Outcome, Text
from pipelines.readiness.reports import drawing, words
from pipelines.readiness.reports.html.markup import Markup, both, joined, table, tag
from pipelines.readiness.reports.html.story import Story
from pipelines.readiness.verdict import Verdict

WAIVER_HEAD = [
    both(Text("Id", "No")),
    both(Text("Criterion", "Critère")),
    both(Text("State", "État")),
    both(Text("Reason", "Motif")),
    both(Text("Owner, approver", "Responsable, approbateur")),
    both(Text("Expires", "Expire le")),
]
CHANGE_HEAD = [
    both(Text("Criterion", "Critère")),
    both(Text("What", "Quoi")),
    both(Text("Before", "Avant")),
    both(Text("Now", "Maintenant")),
]
NUMBERS_HEAD = [
    both(Text("Criterion", "Critère")),
    both(Text("What", "Quoi")),
    both(Text("Trend", "Tendance")),
    both(Text("First", "D'abord")),
    both(Text("Last", "À la fin")),
]
EVIDENCE_HEAD = [
    both(Text("Evidence", "Preuve")),
    both(Text("Tool", "Outil")),
    both(Text("Made", "Produite")),
    both(Text("Looked at", "Examiné")),
    both(Text("SHA-256: record, report", "SHA-256 : fiche, rapport")),
]


def waivers(verdict: Verdict) -> Markup:
    """Return every waiver and what it does now."""
    rows = [
        [
            joined(waiver.id),
            joined(waiver.criterion),
            both(words.WAIVER_STATES[state]),
            joined(waiver.reason),
            joined(f"{waiver.owner}, {waiver.approver}"),
            joined(waiver.expires.isoformat()),
        ]
        for waiver, state in verdict.waivers
    ]
    heading = tag("h2", both(words.WAIVERS))
    if not rows:
        return joined(heading, tag("p", both(words.NO_WAIVER)))
    return joined(heading, table(both(words.WAIVERS), WAIVER_HEAD, rows))


def comparison(story: Story) -> Markup:
    """Return what differs from the last accepted release."""
    heading = tag("h2", both(words.COMPARISON))
    if story.accepted is None:
        return joined(heading, tag("p", both(words.NO_RELEASE)))
    if not story.changes:
        return joined(heading, tag("p", both(words.NO_CHANGE)))
    rows = [
        [
            joined(change.criterion),
            joined(change.what),
            _changed(change, change.before),
            tag(
                "span", _changed(change, change.after), class_="worse" if change.worse else "better"
            ),
        ]
        for change in story.changes
    ]
    caption = joined(story.accepted.release, " ", story.accepted.commit[:12])
    return joined(heading, table(caption, CHANGE_HEAD, rows))


def _changed(change: Change, value: str) -> Markup:
    """Return a number as it is, an outcome by its word."""
    if change.what:
        return joined(value)
    return both(words.NOT_JUDGED if value == NOT_JUDGED else words.OUTCOMES[Outcome(value)])


def trend(story: Story) -> Markup:
    """Return the drawing of the earlier verdicts, the same in words, and what was measured."""
    heading = tag("h2", both(words.TREND))
    if not story.history:
        return heading
    said = Text(drawing.described(story.history, "en"), drawing.described(story.history, "fr"))
    picture = Markup(drawing.drawn(story.history))
    rows = [
        [
            joined(criterion),
            joined(name),
            Markup(drawing.sparkline(values)),
            joined(f"{values[0]:g}"),
            joined(f"{values[-1]:g}"),
        ]
        for (criterion, name), values in drawing.measured(story.history).items()
    ]
    numbers = table(both(words.MEASURED), NUMBERS_HEAD, rows) if rows else Markup()
    return joined(heading, tag("p", both(said)), picture, numbers)


def evidence(story: Story) -> Markup:
    """Return every piece of evidence with its digests; the attestation names them too."""
    rows = [_evidence_row(material, story) for _, material in sorted(story.evidence.items())]
    made = table(both(words.EVIDENCE), EVIDENCE_HEAD, rows, "evidence")
    return joined(tag("h2", both(words.EVIDENCE)), made)


def _evidence_row(material: Material, story: Story) -> list[Markup]:
    record, proof = material.record, material.record.coverage
    mode = f" ({record.mode})" if record.mode else ""
    return [
        joined(
            both(story.policy.sources[record.id].title), f" [{record.id}, {record.environment}]"
        ),
        joined(f"{record.tool} {record.version}{mode}"),
        joined(f"{record.finished:%Y-%m-%d %H:%M:%S} UTC, {record.commit[:12]}"),
        joined(record.not_run or f"{proof.seen} / {proof.expected}"),
        joined(tag("code", material.sha256), Markup("<br>"), tag("code", record.sha256)),
    ]
