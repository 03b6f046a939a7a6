"""The history drawn: how many criteria were met, and what was measured, verdict after verdict."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from html import escape

from pipelines.readiness.history import Entry
from pipelines.readiness.model import Language, Text

WIDTH, HEIGHT, EDGE, FOOT = 640, 160, 34, 22
MOST = 40
SPARK_WIDTH, SPARK_HEIGHT = 120, 20
SAID = Text(
    "Criteria met in the last {count} verdicts: {first} of {total} at first, {last} at last.",
    "Critères satisfaits dans les {count} derniers verdicts : {first} sur {total} d'abord, "
    "{last} à la fin.",
)


def described(entries: Sequence[Entry], language: Language) -> str:
    """Return what the drawing shows, in words."""
    shown = entries[-MOST:]
    return SAID[language].format(
        count=len(shown), first=shown[0].met, last=shown[-1].met, total=len(shown[-1].outcomes)
    )


def measured(entries: Sequence[Entry]) -> Mapping[tuple[str, str], Sequence[float]]:
    """Return, by criterion and name, each number of the last verdicts that moved."""
    found: defaultdict[tuple[str, str], list[float]] = defaultdict(list)
    for entry in entries[-MOST:]:
        for criterion, numbers in entry.numbers.items():
            for name, value in numbers.items():
                found[criterion, name].append(value)
    return {place: values for place, values in sorted(found.items()) if len(set(values)) > 1}


def sparkline(values: Sequence[float]) -> str:
    """Return an SVG of one number: the lowest value at its foot, the highest at its head."""
    low, high = min(values), max(values)
    step = (SPARK_WIDTH - 2) / max(len(values) - 1, 1)
    said = ", ".join(f"{value:g}" for value in values)
    rise = (SPARK_HEIGHT - 2) / ((high - low) or 1)
    points = " ".join(
        f"{1 + step * number:.1f},{SPARK_HEIGHT - 1 - rise * (value - low):.1f}"
        for number, value in enumerate(values)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {SPARK_WIDTH} {SPARK_HEIGHT}" '
        f'width="{SPARK_WIDTH}" height="{SPARK_HEIGHT}" role="img" aria-label="{said}">'
        f'<polyline points="{points}" fill="none" stroke="currentColor"/></svg>'
    )


def drawn(entries: Sequence[Entry]) -> str:
    """Return an SVG of the last verdicts; full dots are ready ones, rings are not."""
    shown = entries[-MOST:]
    most = max((len(entry.outcomes) for entry in shown), default=1) or 1
    step = (WIDTH - 2 * EDGE) / max(len(shown) - 1, 1)
    points = [
        (EDGE + step * number, HEIGHT - FOOT - (HEIGHT - 2 * FOOT) * entry.met / most, entry)
        for number, entry in enumerate(shown)
    ]
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y, _ in points)
    dots = "".join(_dot(x, y, entry) for x, y, entry in points)
    title = escape(described(entries, "en"))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        f'aria-label="{title}"><title>{title}</title>{_rule(most, FOOT)}'
        f"{_rule(0, HEIGHT - FOOT)}"
        f'<polyline points="{line}" fill="none" stroke="currentColor" stroke-width="1.5"/>{dots}'
        "</svg>"
    )


def _rule(count: int, y: float) -> str:
    return (
        f'<line x1="{EDGE}" y1="{y}" x2="{WIDTH - EDGE}" y2="{y}" stroke="currentColor" '
        f'stroke-opacity="0.25"/><text x="{EDGE - 6}" y="{y + 4}" text-anchor="end" '
        f'font-size="12" fill="currentColor">{count}</text>'
    )


def _dot(x: float, y: float, entry: Entry) -> str:
    said = escape(f"{entry.time[:16]} {entry.commit[:12]}: {entry.met} / {len(entry.outcomes)}")
    inside = "currentColor" if entry.ready else "white"
    return (
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{inside}" stroke="currentColor">'
        f"<title>{said}</title></circle>"
    )
