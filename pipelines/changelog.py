"""The notes of a release: its section of CHANGELOG.md (keepachangelog.com)."""

import re
import sys
from collections.abc import Sequence
from pathlib import Path

CHANGELOG = Path("CHANGELOG.md")


class NoNotesError(Exception):
    """The changelog has no notes for this version."""


def notes(changelog: str, version: str) -> str:
    """Return what is said of a version; a leading `v` does not matter.

    Raises NoNotesError when there is no such section, or nothing in it.
    """
    name = version.removeprefix("v")
    heading = rf"^## \[{re.escape(name)}\][^\n]*\n(.*?)(?=^## \[|\Z)"
    found = re.search(heading, changelog, re.MULTILINE | re.DOTALL)
    told = found.group(1).strip() if found else ""
    if not told:
        raise NoNotesError(f"{CHANGELOG} says nothing of {name}: add a section [{name}]")
    return told


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the notes of the version named."""
    given = sys.argv[1:] if arguments is None else arguments
    if len(given) != 1:
        print("usage: python -m pipelines.changelog VERSION", file=sys.stderr)
        return 2
    try:
        print(notes(CHANGELOG.read_text(encoding="utf-8"), given[0]))
    except NoNotesError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
