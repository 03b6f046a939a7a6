"""A layout as an SVG: no program is needed to make it, any browser shows it."""

from collections.abc import Iterator, Mapping
from xml.sax.saxutils import escape

from eva_infra.picture.layout import LINE, PADDING, TITLE, WIDTH, Box, Layout

COLOURS: Mapping[str, str] = {
    "network": "#2563eb",
    "data": "#15803d",
    "models": "#7e22ce",
    "secrets": "#b45309",
    "identity": "#be185d",
    "service": "#0f766e",
    "edge": "#c2410c",
    "cache": "#b91c1c",
    "observability": "#475569",
}
OTHER = "#334155"
FONT = "ui-sans-serif,system-ui,Segoe UI,Helvetica,Arial,sans-serif"


def draw(layout: Layout, title: str) -> str:
    """Return the picture."""
    return "\n".join(_parts(layout, title)) + "\n"


def _parts(layout: Layout, title: str) -> Iterator[str]:
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {layout.width} {layout.height}" '
        f'width="{layout.width}" height="{layout.height}" font-family="{FONT}" role="img">'
    )
    yield f"<title>{escape(title)}</title>"
    yield '<rect width="100%" height="100%" fill="#ffffff"/>'
    heading = 'x="44" y="44" font-size="22" font-weight="600" fill="#0f172a"'
    yield f"<text {heading}>{escape(title)}</text>"
    yield from _arrowhead()
    boxes = {box.urn: box for box in layout.boxes}
    for dependent, needed in layout.needs:
        yield _line(boxes[dependent], boxes[needed])
    for box in layout.boxes:
        yield from _box(box)
    yield "</svg>"


def _arrowhead() -> Iterator[str]:
    yield '<defs><marker id="to" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" '
    yield 'markerHeight="7" orient="auto"><path d="M0 0L8 4L0 8z" fill="#94a3b8"/></marker></defs>'


def _line(dependent: Box, needed: Box) -> str:
    """Return a curve from what depends to what it needs, which is further left."""
    x1, y1 = dependent.x, dependent.y + TITLE // 2
    x2, y2 = needed.x + WIDTH, needed.y + TITLE // 2
    bend = max(36, (x1 - x2) // 2)
    return (
        f'<path d="M{x1} {y1}C{x1 - bend} {y1} {x2 + bend} {y2} {x2 + 2} {y2}" fill="none" '
        'stroke="#94a3b8" stroke-width="1.4" marker-end="url(#to)"/>'
    )


def _box(box: Box) -> Iterator[str]:
    colour = COLOURS.get(box.area, OTHER)
    x, y = box.x, box.y
    yield (
        f'<rect x="{x}" y="{y}" width="{WIDTH}" height="{box.height}" rx="8" fill="#ffffff" '
        f'stroke="{colour}" stroke-width="1.6"/>'
    )
    yield f'<path d="M{x} {y + 34}h{WIDTH}" stroke="{colour}" stroke-opacity=".35"/>'
    yield (
        f'<text x="{x + PADDING}" y="{y + 23}" font-size="15" font-weight="600" '
        f'fill="{colour}">{escape(box.title)}</text>'
    )
    yield (
        f'<text x="{x + WIDTH - PADDING}" y="{y + 23}" font-size="11" text-anchor="end" '
        f'fill="#64748b">{escape(box.area)}</text>'
    )
    for place, line in enumerate(box.lines):
        yield (
            f'<text x="{x + PADDING}" y="{y + TITLE + 8 + place * LINE}" font-size="12" '
            f'fill="#334155">{escape(_short(line))}</text>'
        )


def _short(line: str, most: int = 38) -> str:
    return line if len(line) <= most else line[: most - 1] + "…"
