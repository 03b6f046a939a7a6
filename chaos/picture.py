"""A picture of an experiment: what clients saw each second, and when the fault came and went."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from chaos.outcomes import Journal

_WIDTH, _HEIGHT, _FOOT = 900, 160, 20
_GREEN, _RED = "#2f7d4f", "#b3261e"
_COLOURS = {
    **dict.fromkeys(("inject", "cut_off", "kill", "fill_disk", "poison_queue"), _RED),
    **dict.fromkeys(("clear", "free_disk"), _GREEN),
}


def picture(journal: Journal) -> str:
    """Draw good and failed requests of each second, and lines where the fault began and ended."""
    seen: Sequence[Sequence[float]] = journal["seen"]
    if not seen:
        return "<p>No request was seen.</p>"
    first, last = seen[0][0], seen[-1][0] + 1
    wide, unit = _WIDTH / (last - first), (_HEIGHT - _FOOT) / max(row[1] + row[2] for row in seen)
    bars = "".join(_bar((row[0] - first) * wide, wide, row, unit) for row in seen)
    marks = "".join(_mark(one, first, wide) for one in journal["run"])
    foot = f'<text x="0" y="{_HEIGHT - 4}" font-size="11">0 s</text>'
    foot += f'<text x="{_WIDTH - 40}" y="{_HEIGHT - 4}" font-size="11">{last - first:g} s</text>'
    title = "Requests a second: green answered, red failed; lines: the fault begins, the fault ends"
    return (
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{title}">'
        f"<title>{title}</title>{bars}{marks}{foot}</svg>"
    )


def _bar(x: float, wide: float, row: Sequence[float], unit: float) -> str:
    _, good, bad, slowest = row
    parts = [f"<title>{good:g} answered, {bad:g} failed, slowest {slowest:g} ms</title>"]
    for low, count, colour in ((0.0, good, _GREEN), (good, bad, _RED)):
        if count:
            y = _HEIGHT - _FOOT - (low + count) * unit
            parts.append(
                f'<rect x="{x:.1f}" y="{y:.1f}" width="{wide * 0.9:.1f}" '
                f'height="{count * unit:.1f}" fill="{colour}"/>'
            )
    return f"<g>{''.join(parts)}</g>"


def _mark(one: Mapping[str, Any], first: float, wide: float) -> str:
    """Draw a line where an activity began a fault or ended it."""
    colour = _COLOURS.get(one["activity"]["provider"]["func"])
    if colour is None:
        return ""
    x = (_seconds(one["start"]) - first) * wide
    return (
        f'<line x1="{x:.1f}" x2="{x:.1f}" y1="0" y2="{_HEIGHT - _FOOT}" stroke="{colour}" '
        'stroke-width="2" stroke-dasharray="4 3"/>'
    )


def _seconds(text: str) -> float:
    """Return Unix seconds; the toolkit tells UTC without saying so."""
    at = datetime.fromisoformat(text)
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()
