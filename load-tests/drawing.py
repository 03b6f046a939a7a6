"""Line charts as SVG, to stand in a page that needs nothing else."""

from collections.abc import Mapping, Sequence
from html import escape

Line = Sequence[tuple[float, float]]
WIDTH, HEIGHT = 860, 220
_LEFT, _RIGHT, _TOP, _BOTTOM = 60, 130, 24, 28
_LEAST = 1e-6  # of what a scale goes to
_COLOURS = ("#0b62a4", "#c2410c", "#15803d", "#7c3aed", "#a16207", "#be185d")


def chart(title: str, unit: str, lines: Mapping[str, Line]) -> str:
    """Return a chart of lines over seconds, with its title, scales and key."""
    points = [point for line in lines.values() for point in line]
    if not points:
        return f"<p>{escape(title)}: not measured.</p>"
    end = max(1.0, *(x for x, _ in points))
    top = _ceiling(max(y for _, y in points))
    parts = [*_frame(title, unit, end, top)]
    for number, (name, line) in enumerate(lines.items()):
        colour = _COLOURS[number % len(_COLOURS)]
        path = " ".join(f"{_x(x, end):.1f},{_y(y, top):.1f}" for x, y in line)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}"/>')
        at = _TOP + 14 * number + 8
        where = WIDTH - _RIGHT + 8
        parts.append(f'<text x="{where}" y="{at}" fill="{colour}">{escape(name)}</text>')
    body = "".join(parts)
    box = f"0 0 {WIDTH} {HEIGHT}"
    return f'<svg viewBox="{box}" role="img" aria-label="{escape(title)}">{body}</svg>'


def _frame(title: str, unit: str, end: float, top: float) -> list[str]:
    parts = [f'<text x="{_LEFT}" y="14" class="title">{escape(title)} ({escape(unit)})</text>']
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        y = _y(share * top, top)
        parts.append(f'<line x1="{_LEFT}" x2="{WIDTH - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>')
        label = f"{share * top:g}"
        parts.append(f'<text x="{_LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{label}</text>')
        x = _x(share * end, end)
        seconds = f"{share * end:.0f} s"
        parts.append(f'<text x="{x:.1f}" y="{HEIGHT - 8}" text-anchor="middle">{seconds}</text>')
    return parts


def _x(value: float, end: float) -> float:
    return _LEFT + (WIDTH - _LEFT - _RIGHT) * value / end


def _y(value: float, top: float) -> float:
    return HEIGHT - _BOTTOM - (HEIGHT - _TOP - _BOTTOM) * value / top


def _ceiling(value: float) -> float:
    """Return the next round number above."""
    if value < _LEAST:
        return _LEAST
    step = 1.0
    while step * 10 < value:
        step *= 10
    while step > value:
        step /= 10
    return next((step * n for n in (1, 2, 4, 6, 8, 10) if step * n >= value), step * 10)
