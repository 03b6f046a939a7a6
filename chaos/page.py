"""`python -m chaos.page`: one readable page of the journals that were kept.

For each experiment: the question, what was seen each second, what was measured.
"""

import argparse
import html
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from chaos.outcomes import Journal, failed, ours, recovery_s, well, writes, wrong
from chaos.picture import picture

JOURNALS = Path(__file__).parents[1] / "evidence" / "chaos"
CONTROLS = "controls"  # the folder below, of those that had to fail
_STYLE = """
body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;
color:#1b1b1b}
table{border-collapse:collapse;width:100%}td,th{text-align:left;padding:.2rem .6rem;
border-bottom:1px solid #ccc;vertical-align:top}svg{width:100%;height:auto}
.ok{color:#0b6b2e}.no{color:#a3131a}h2{margin-top:3rem}
@media print{h2{page-break-before:always}}
"""


def page(journals: Mapping[str, Journal], controls: Mapping[str, Journal] | None = None) -> str:
    """Return the page as HTML that needs nothing else."""
    rows = "".join(_line(name, journal) for name, journal in journals.items())
    parts = "".join(_part(name, journal) for name, journal in journals.items())
    had_to = "".join(_control(name, journal) for name, journal in (controls or {}).items())
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f"<title>Chaos experiments</title><style>{_STYLE}</style></head>"
        "<body><h1>Chaos experiments</h1><table><tr><th>question<th>expected<th>went well"
        f"<th>recovered after<th>writes acknowledged, looked at</tr>{rows}</table>{had_to}{parts}"
        "</body></html>"
    )


def _control(name: str, journal: Journal) -> str:
    activity = str(ours(journal["experiment"])["without_breaker"])
    true = '<span class="ok">so it did</span>' if failed(journal, activity) else "IT DID NOT"
    return f"<p>Without breakers {html.escape(name)} has to fail ({html.escape(activity)}): {true}."


def _line(name: str, journal: Journal) -> str:
    said, seconds, found = journal["experiment"], recovery_s(journal), writes(journal)
    looked_at = ", ".join(f"{n} {what}" for what, n in found.get("looked at", {}).items())
    cells = [
        f'<a href="#{html.escape(name)}">{html.escape(str(ours(said)["question"]))}</a>',
        html.escape(said["description"]),
        _verdict(journal),
        "never" if seconds is None else f"{seconds:g} s",
        html.escape(f"{found['acknowledged']}; {looked_at}" if found else "not looked at"),
    ]
    return f"<tr>{''.join(f'<td>{cell}' for cell in cells)}</tr>"


def _part(name: str, journal: Journal) -> str:
    said = journal["experiment"]
    rows = "".join(_row(one) for one in (*journal["run"], *journal["rollbacks"]))
    lost = "".join(f'<li class="no">{html.escape(one)}</li>' for one in wrong(journal))
    runbook = html.escape(str(ours(said)["runbook"]))
    return (
        f'<h2 id="{html.escape(name)}">{html.escape(str(ours(said)["question"]))}</h2>'
        f"<p>{html.escape(said['title'])}. {html.escape(said['description'])}</p>"
        f"<p>{_verdict(journal)}, {html.escape(journal['start'])}; "
        f"objectives times {journal['slack']:g}; runbook: {runbook}</p>"
        f"<ul>{lost}</ul>{picture(journal)}"
        f"<table><tr><th>activity<th>status<th>told</tr>{rows}</table>"
    )


def _verdict(journal: Journal) -> str:
    return '<span class="ok">yes</span>' if well(journal) else '<span class="no">NO</span>'


def _row(one: Mapping[str, Any]) -> str:
    told = one.get("output") if one["status"] == "succeeded" else (one.get("exception") or [""])[-1]
    kind = "ok" if one["status"] == "succeeded" else "no"
    return (
        f"<tr><td>{html.escape(one['activity']['name'])}"
        f'<td class="{kind}">{one["status"]}<td>{html.escape(str(told))[:400]}</tr>'
    )


def _kept(folder: Path) -> dict[str, Journal]:
    paths = sorted(folder.glob("*.json"))
    return {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in paths}


def main() -> None:
    """Write the page of what is kept."""
    parser = argparse.ArgumentParser(prog="python -m chaos.page", description=__doc__)
    parser.add_argument("--journals", type=Path, default=JOURNALS)
    folder = parser.parse_args().journals
    kept = _kept(folder)
    if not kept:
        parser.exit(2, f"no journals in {folder}: run the experiments first\n")
    at = folder / "report.html"
    at.write_text(page(kept, _kept(folder / CONTROLS)), encoding="utf-8")
    print(f"{len(kept)} experiments: {at}")


if __name__ == "__main__":
    main()
