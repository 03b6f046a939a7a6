"""Where commands print: data on standard output, everything else on standard error.

On a terminal Rich draws tables and colours (and honours NO_COLOR); elsewhere text stays plain.
"""

import json
import sys
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from rich.console import Console

Row = Sequence[str]


class Screen:
    """One command's output; with `as_json` only `data` reaches standard output."""

    def __init__(self, *, as_json: bool = False) -> None:
        self.as_json = as_json

    def data(self, value: object) -> None:
        """Print a value as JSON."""
        print(json.dumps(value, ensure_ascii=False, indent=2))

    def line(self, value: object) -> None:
        """Print a value as JSON on one line: one of many."""
        print(json.dumps(value, ensure_ascii=False), flush=True)

    def say(self, text: str = "", style: str = "") -> None:
        """Print a line for a person; with `as_json` it goes to standard error."""
        if self.as_json:
            self.note(text)
        elif console := self._console:
            from rich.text import Text

            console.print(Text(text, style=style), soft_wrap=False)
        else:
            print(text)

    def note(self, text: str) -> None:
        """Print a line about the doing, not of the data."""
        print(text, file=sys.stderr)

    def table(self, columns: Row, rows: Sequence[Row]) -> None:
        """Print rows under column names: drawn on a terminal, else separated by tabs."""
        if console := self._console:
            from rich.table import Table

            drawn = Table(*columns, box=None, header_style="bold", padding=(0, 2, 0, 0))
            for row in rows:
                drawn.add_row(*(_escaped(cell) for cell in row))
            console.print(drawn)
        else:
            for row in (columns, *rows):
                print("\t".join(row))

    def record(self, found: Mapping[str, object]) -> None:
        """Print one object, a line per field; JSON if asked for."""
        if self.as_json:
            self.data(found)
        else:
            width = max(map(len, found), default=0)
            for name, value in found.items():
                self.say(f"{name:<{width}}  {_cell(value)}")

    def listing(self, items: Sequence[Mapping[str, object]], columns: Row) -> None:
        """Print objects as a table of some of their fields; JSON with all if asked for."""
        if self.as_json:
            self.data(list(items))
        elif items:
            self.table(columns, [[_cell(item.get(name)) for name in columns] for item in items])
        else:
            self.note("none")

    @cached_property
    def _console(self) -> "Console | None":
        return terminal(sys.stdout)


def terminal(stream: TextIO) -> "Console | None":
    """Return a console if the stream is a terminal."""
    if not stream.isatty():
        return None
    from rich.console import Console

    return Console(file=stream, highlight=False)


def _escaped(cell: str) -> str:
    from rich.markup import escape

    return escape(cell)


def _cell(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False)
