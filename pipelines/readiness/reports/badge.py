"""The verdict as a small picture for a README."""

from html import escape

from pipelines.readiness.verdict import Verdict

CHARACTER = 6.5


def as_badge(verdict: Verdict) -> str:
    """Return an SVG: the stage, whether the commit is ready for it, how many criteria are met."""
    met = len(verdict.results) - len(verdict.unmet)
    left = f"readiness: {verdict.stage}"
    right = f"{'ready' if verdict.ready else 'not ready'} {met}/{len(verdict.results)}"
    widths = [round(len(text) * CHARACTER + 12) for text in (left, right)]
    colour = "#1a7f37" if verdict.ready else "#b42318"
    title = escape(f"{left}, {right}")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{sum(widths)}" height="20" role="img" '
        f'aria-label="{title}"><title>{title}</title>'
        f'<rect width="{widths[0]}" height="20" fill="#24292f"/>'
        f'<rect x="{widths[0]}" width="{widths[1]}" height="20" fill="{colour}"/>'
        f'<g fill="#fff" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11">'
        f'<text x="6" y="14">{escape(left)}</text>'
        f'<text x="{widths[0] + 6}" y="14">{escape(right)}</text></g></svg>\n'
    )
