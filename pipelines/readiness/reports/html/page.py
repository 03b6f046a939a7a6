"""The page: a language to choose without any script, the verdict, and its parts in order."""

from pathlib import Path

from pipelines.readiness.model import Text
from pipelines.readiness.reports import words
from pipelines.readiness.reports.html.background import comparison, evidence, trend, waivers
from pipelines.readiness.reports.html.criteria import criteria
from pipelines.readiness.reports.html.markup import Markup, both, joined, tag
from pipelines.readiness.reports.html.story import Story
from pipelines.readiness.verdict import Verdict

STYLE = (Path(__file__).parent / "report.css").read_text(encoding="utf-8")
TITLE = Text("Release readiness of EVA API", "Aptitude d'EVA API à la livraison")
HEAD = (
    '<meta charset="utf-8"><meta name="viewport" content="width=device-width">'
    '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; '
    "style-src 'unsafe-inline'\">"
    f"<title>{TITLE.en} / {TITLE.fr}</title><style>{STYLE}</style>"
)


def as_html(story: Story) -> str:
    """Return the page; English is shown at first."""
    body = tag(
        "body",
        _language(),
        tag(
            "main",
            _verdict(story.verdict),
            criteria(story),
            waivers(story.verdict),
            comparison(story),
            trend(story),
            evidence(story),
        ),
    )
    return f'<!doctype html>\n<html lang="en"><head>{HEAD}</head>{body}</html>\n'


def _language() -> Markup:
    options = "".join(
        f'<label><input type="radio" name="language" id="{code}"{chosen}> '
        f'<span lang="{code}" class="always">{name}</span></label>'
        for code, name, chosen in (("en", "English", " checked"), ("fr", "Français", ""))
    )
    legend = "<legend>Language / Langue</legend>"
    return Markup(f'<form class="language"><fieldset>{legend}{options}</fieldset></form>')


def _verdict(verdict: Verdict) -> Markup:
    said = words.READY if verdict.ready else words.NOT_READY
    stage = str(verdict.stage)
    headline = Text(said.en.format(stage=stage), said.fr.format(stage=stage))
    facts: list[tuple[Markup, str]] = [
        (both(Text("Commit", "Commit")), verdict.subject.commit),
        (both(Text("Uncommitted changes", "Changements non validés")), _tree(verdict)),
        (both(Text("Judged at", "Jugé le")), verdict.now.isoformat(timespec="seconds")),
        *((both(words.OUTCOMES[o]), str(count)) for o, count in verdict.counts.items()),
    ]
    rows = [joined(tag("dt", name), tag("dd", value)) for name, value in facts]
    return joined(
        tag("h1", both(TITLE)),
        tag("p", both(headline), class_="ready" if verdict.ready else "unready"),
        tag("dl", *rows),
    )


def _tree(verdict: Verdict) -> Markup:
    return both(Text("yes", "oui") if verdict.subject.dirty else Text("none", "aucun"))
