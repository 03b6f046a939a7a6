"""Rows of tables as lines that a sentence of an answer can quote: the header's names are kept."""

from collections.abc import Iterator, Sequence

from app.adapters.extraction.text import one_line

_LOOK_AHEAD = 10  # rows in which a header is looked for, below titles and blank rows
_NAME = 80  # a longer cell is text, not a column's name


def lines(rows: Sequence[Sequence[str]], header: int | None) -> Iterator[str]:
    """Yield a line a row: `Name: Zoë; Age: 41` below the header row, else `Zoë | 41`.

    `header` is the index of the row that names the columns, which is a plain line itself.
    """
    names = [one_line(cell).rstrip(":") for cell in rows[header]] if header is not None else []
    for index, row in enumerate(rows):
        cells = [one_line(cell) for cell in row]
        if header is not None and index > header:
            line = "; ".join(_named(names, column, c) for column, c in enumerate(cells) if c)
        else:
            line = " | ".join(cell for cell in cells if cell)
        if line:
            yield line


def find_header(rows: Sequence[Sequence[str]]) -> int | None:
    """Return the first row that looks like column names, if one near the top does.

    Names are two or more, distinct, short, with letters; a row with as many cells or more follows.
    """
    for index, row in enumerate(rows[:_LOOK_AHEAD]):
        cells = [one_line(cell) for cell in row if cell and not cell.isspace()]
        if len(cells) < 2:  # noqa: PLR2004 - a title, or nothing
            continue
        below = rows[index + 1] if index + 1 < len(rows) else ()
        named = len(set(cells)) == len(cells) and all(map(_is_name, cells))
        return index if named and any(cell and not cell.isspace() for cell in below) else None
    return None


def _is_name(cell: str) -> bool:
    return len(cell) <= _NAME and any(map(str.isalpha, cell)) and cell[-1] not in ".!?;"


def _named(names: Sequence[str], column: int, cell: str) -> str:
    name = names[column] if column < len(names) else ""
    return f"{name}: {cell}" if name else cell
