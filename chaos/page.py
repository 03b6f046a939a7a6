"""One readable page of journals: the question, what was seen each second, what was measured."""

import html
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

_STYLE = """
body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;
color:#1b1b1b}
table{border-collapse:collapse;width:100%}td,th{text-align:left;padding:.2rem .6rem;
border-bottom:1px solid #ccc;vertical-align:top}svg{width:100%;height:auto}
.ok{color:#0b6b2e}.no{color:#a3131a}h2{margin-top:3rem}
@media print{h2{page-break-before:always}}
"""
_WIDTH, _HEIGHT, _FOOT = 900, 160, 20


def page(journals: Mapping[str, Mapping[str, Any]]) -> str:
    """Return the page as HTML that needs nothing else."""
    parts = [_part(name, journal) for name, journal in journals.items()]
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f"<title>Chaos experiments</title><style>{_STYLE}</style></head>"
        f"<body><h1>Chaos experiments</h1>{''.join(parts)}</body></html>"
    )


def _part(name: str, journal: Mapping[str, Any]) -> str:
    said = journal["experiment"]
    well = journal["status"] == "completed" and not journal["deviated"]
    rows = "".join(_row(one) for one in journal["run"])
    return (
        f"<h2>{html.escape(said['title'])}</h2><p>{html.escape(said['description'])}</p>"
        f'<p class="{"ok" if well else "no"}">{html.escape(name)}: {journal["status"]}'
        f"{', deviated' if journal['deviated'] else ''}</p>"
        f"{_picture(journal)}<table><tr><th>activity<th>status<th>told</tr>{rows}</table>"
    )


def _row(one: Mapping[str, Any]) -> str:
    told = one.get("output") if one["status"] == "succeeded" else (one.get("exception") or [""])[-1]
    kind = "ok" if one["status"] == "succeeded" else "no"
    return (
        f"<tr><td>{html.escape(one['activity']['name'])}"
        f'<td class="{kind}">{one["status"]}<td>{html.escape(str(told))[:400]}</tr>'
    )


def _seconds(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def _picture(journal: Mapping[str, Any]) -> str:
    """Draw good and failed requests of each second, the fault's time behind them."""
    seen: Sequence[Sequence[float]] = journal["seen"]
    if not seen:
        return "<p>No request was seen.</p>"
    first, last = seen[0][0], seen[-1][0] + 1
    wide = _WIDTH / (last - first)
    most = max(row[1] + row[2] for row in seen)
    bars = []
    for second, good, bad, slowest in seen:
        x, unit = (second - first) * wide, (_HEIGHT - _FOOT) / most
        for low, count, colour in ((0, good, "#2f7d4f"), (good, bad, "#b3261e")):
            if count:
                y = _HEIGHT - _FOOT - (low + count) * unit
                bars.append(
                    f'<rect x="{x:.1f}" y="{y:.1f}" width="{wide * 0.9:.1f}" '
                    f'height="{count * unit:.1f}" fill="{colour}"/>'
                )
        bars.append(f"<title>slowest {slowest:g} ms</title>" if not bars else "")
    marks = "".join(_mark(one, first, wide) for one in journal["run"])
    foot = f'<text x="0" y="{_HEIGHT - 4}" font-size="11">0 s</text>'
    foot += f'<text x="{_WIDTH - 40}" y="{_HEIGHT - 4}" font-size="11">{last - first:g} s</text>'
    title = "Requests a second: green answered, red failed"
    return (
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{title}">'
        f"<title>{title}</title>{marks}{''.join(bars)}{foot}</svg>"
    )


def _mark(one: Mapping[str, Any], first: float, wide: float) -> str:
    """Draw a line where a fault began or ended."""
    function = one["activity"].get("provider", {}).get("func", "")
    colour = {"inject": "#b3261e", "kill": "#b3261e", "fill_disk": "#b3261e"}.get(
        function, "#2f7d4f" if function in ("clear", "free_disk") else ""
    )
    if not colour:
        return ""
    x = (_seconds(one["start"]) - first) * wide
    return (
        f'<line x1="{x:.1f}" x2="{x:.1f}" y1="0" y2="{_HEIGHT - _FOOT}" stroke="{colour}" '
        'stroke-width="2" stroke-dasharray="4 3"/>'
    )
