"""Prints `docs/settings.md`: `python -m app.settings > docs/settings.md`."""

import sys
from collections.abc import Iterator
from itertools import groupby

from app.settings import ELSEWHERE, RETIRED, ClientSettings, Settings
from app.settings.declaring import Declared
from app.settings.reading import shown

_INTRODUCTION = """# Settings

Generated from `app/settings` by `make docs`; do not edit.

Settings are environment variables, read once at start. `eva doctor` shows those in effect and
where each came from. An empty variable counts as unset. Where a setting has several names, any of
them may be used, and two that disagree are refused. An `EVA_…` variable that is not listed here is
refused. Every value is checked at start, and everything that is wrong is reported at once.
"""


def page() -> str:
    """Return the page, ending in a newline."""
    lines = [_INTRODUCTION]
    wanted = (*Settings.declared(), *ClientSettings.declared())
    for title, group in groupby(wanted, key=lambda one: one.group):
        lines += [f"## {title}", "", *_table(group), ""]
    lines += ["## Read by other programs", "", "| name | meaning |", "|---|---|"]
    lines += [f"| `{name}` | {about} |" for name, about in ELSEWHERE.items()]
    lines += ["", "## Without effect", "", "Accepted, so that an older configuration still starts."]
    lines += ["", "| name | why |", "|---|---|"]
    lines += [f"| `{name}` | {why} |" for name, why in RETIRED.items()]
    return "\n".join(lines) + "\n"


def _table(group: Iterator[Declared]) -> Iterator[str]:
    yield "| name | default | allowed | meaning |"
    yield "|---|---|---|---|"
    for one in group:
        names = " or ".join(f"`{name}`" for name in one.names)
        default = f"`{value}`" if (value := shown(one, one.default)) else "unset"
        about = f"{one.about} Secret." if one.secret else one.about
        yield f"| {names} | {default} | {one.form.allowed} | {about} |"


if __name__ == "__main__":
    sys.stdout.write(page())
