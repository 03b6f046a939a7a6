"""A dashboard as an SVG: its panels where Grafana puts them, with the rows of their queries."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from html import escape
from typing import Any, TypeAlias

Rows: TypeAlias = Sequence[tuple[Any, ...]]
Line: TypeAlias = list[tuple[datetime, float]]
CELL_X, CELL_Y, FOOT = 50, 32, 40
COLOURS = ("#0b62a4", "#c2410c", "#15803d", "#7c3aed", "#a16207", "#be185d", "#0f766e", "#334155")
UNITS = {
    "percentunit": (100.0, " %"),
    "bytes": (1 / 1024**2, " MiB"),
    "s": (1.0, " s"),
    "reqps": (1.0, " /s"),
    "ops": (1.0, " /s"),
    "cpm": (1.0, " /min"),
    "short": (1.0, ""),
}
NOTHING = "nothing in this run"
_STYLE = (
    "text{font:12px sans-serif;fill:#1f2937}.title{font-weight:bold}.stat{font-size:26px}"
    ".panel{fill:#fff;stroke:#cbd5e1}.grid{stroke:#e2e8f0}"
)


def board(panels: Sequence[Mapping[str, Any]], rows: Mapping[str, Rows], label: str) -> str:
    """Return the picture of a dashboard; `rows` are those that a panel's query yields, by title."""
    deepest = max(one["gridPos"]["y"] + one["gridPos"]["h"] for one in panels)
    width, height = 24 * CELL_X, deepest * CELL_Y + FOOT
    inner = "".join(part for one in panels for part in _panel(one, rows[one["title"]]))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" '
        f'aria-label="{escape(label)}"><style>{_STYLE}</style>'
        f'<rect width="{width}" height="{height}" fill="#f8fafc"/>{inner}'
        f'<text class="label" x="8" y="{height - 14}">{escape(label)}</text></svg>\n'
    )


def _panel(panel: Mapping[str, Any], rows: Rows) -> Iterator[str]:
    at, unit = panel["gridPos"], panel["fieldConfig"]["defaults"]["unit"]
    width, height = at["w"] * CELL_X - 8, at["h"] * CELL_Y - 8
    yield f'<g transform="translate({at["x"] * CELL_X + 4},{at["y"] * CELL_Y + 4})">'
    yield f'<rect class="panel" width="{width}" height="{height}"/>'
    yield f'<text class="title" x="8" y="18">{escape(panel["title"])}</text>'
    known = [row for row in rows if all(one is not None for one in row)]
    if not known:
        yield f'<text x="8" y="44">{NOTHING}</text>'
    elif panel["type"] == "timeseries":
        yield from _chart(_lines(known), unit, (width, height))
    elif panel["type"] == "stat":
        yield f'<text class="stat" x="8" y="60">{_shown(known[0][-1], unit)}</text>'
    else:
        for number, row in enumerate(known[:8]):
            said = " · ".join(_shown(one, unit) for one in row)
            yield f'<text x="8" y="{44 + 18 * number}">{escape(said)}</text>'
    yield "</g>"


def _shown(value: object, unit: str) -> str:
    if not isinstance(value, int | float):
        return str(value)
    factor, sign = UNITS[unit]
    return f"{factor * value:.3g}{sign}"


def _lines(rows: Rows) -> Mapping[str, Line]:
    """Return a line for each label; the columns are told apart by what is in them."""
    lines: defaultdict[str, Line] = defaultdict(list)
    for row in rows:
        [at] = [one for one in row if isinstance(one, datetime)]
        [value] = [float(one) for one in row if isinstance(one, int | float)]
        lines[" ".join(one for one in row if isinstance(one, str))].append((at, value))
    return lines


def _chart(lines: Mapping[str, Line], unit: str, size: tuple[int, int]) -> Iterator[str]:
    times = [at for line in lines.values() for at, _ in line]
    began, lasted = min(times), max((max(times) - min(times)).total_seconds(), 1.0)
    top = max(value for line in lines.values() for _, value in line) or 1.0
    left, right, head = 58, size[0] - 190, 30
    foot = size[1] - 24
    for share in (0.0, 0.5, 1.0):
        y = foot - share * (foot - head)
        yield f'<line class="grid" x1="{left}" x2="{right}" y1="{y:.0f}" y2="{y:.0f}"/>'
        yield f'<text x="4" y="{y + 4:.0f}">{_shown(share * top, unit)}</text>'
    yield f'<text x="{left}" y="{size[1] - 6}">0 s</text>'
    yield f'<text x="{right}" y="{size[1] - 6}" text-anchor="end">{lasted:.0f} s</text>'
    largest = sorted(lines, key=lambda name: (-max(value for _, value in lines[name]), name))
    for number, name in enumerate(largest[: len(COLOURS)]):
        points = " ".join(
            f"{left + (right - left) * (at - began).total_seconds() / lasted:.1f},"
            f"{foot - (foot - head) * value / top:.1f}"
            for at, value in sorted(lines[name])
        )
        colour = COLOURS[number]
        yield f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="1.5"/>'
        told = escape(name.removeprefix("/api/v1")[-26:])
        y = head + 16 * number + 4
        yield f'<text x="{right + 6}" y="{y}" style="fill:{colour}">{told}</text>'
    if len(largest) > len(COLOURS):
        more = f"and {len(largest) - len(COLOURS)} more"
        yield f'<text x="{right + 6}" y="{head + 16 * len(COLOURS) + 4}">{more}</text>'
