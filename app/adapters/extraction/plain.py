"""Text, CSV and JSON: decoded and laid out by ourselves."""

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from app.adapters.extraction.reading import Block, Caps, Part, Reading, failure
from app.adapters.extraction.rows import find_header, lines
from app.adapters.extraction.text import decode, is_binary, one_line
from app.core.models import FailureReason

_HEAD = 64 * 1024
_LONG = 1000  # characters of members on one line
_DELIMITERS = ",;\t|"
_SNIFFED = 20  # rows


def read_source(path: Path, caps: Caps) -> str:
    """Return a text file's text; `malformed` when it is binary."""
    if path.stat().st_size > 4 * caps.characters:
        raise failure(FailureReason.TOO_LARGE)
    data = path.read_bytes()
    if is_binary(data[:_HEAD]):
        raise failure(FailureReason.MALFORMED)
    return decode(data)


def read_text(path: Path, caps: Caps) -> Reading:
    """Read a plain text file."""
    return Reading([Part([Block(read_source(path, caps))])])


def read_csv(path: Path, caps: Caps) -> Reading:
    """Read comma, semicolon, tab or bar separated values; a row is a line with its names."""
    source = read_source(path, caps)
    csv.field_size_limit(caps.characters)
    rows = list(csv.reader(io.StringIO(source, newline=""), delimiter=_delimiter(source)))
    return Reading([Part([Block("\n".join(lines(rows, find_header(rows))))])])


def _delimiter(source: str) -> str:
    """Return the delimiter that splits the first rows into the most columns most evenly."""
    sample = source[:_HEAD]
    best = (0, 0, ",")
    for order, delimiter in enumerate(_DELIMITERS):
        rows = csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter)
        widths = [len(row) for _, row in zip(range(_SNIFFED), rows, strict=False) if row]
        usual = max(set(widths), key=widths.count, default=1)
        if usual > 1:
            best = max(
                best, (widths.count(usual) * 100 // len(widths), usual * 10 - order, delimiter)
            )
    return best[2]


def read_json(path: Path, caps: Caps) -> Reading:
    """Read JSON: an object is a line of its members, what is nested follows under its path."""
    return _laid_out([_parse(read_source(path, caps))])


def read_json_lines(path: Path, caps: Caps) -> Reading:
    """Read one JSON value a line."""
    source = read_source(path, caps)
    return _laid_out([_parse(line) for line in source.splitlines() if line.strip()])


def _parse(source: str) -> Any:  # noqa: ANN401 - JSON
    return json.loads(source, parse_int=str, parse_float=str, parse_constant=str)


def _laid_out(values: list[Any]) -> Reading:
    return Reading([Part([Block("\n".join(_lines(value, ""))) for value in values])])


def _lines(value: Any, path: str) -> Iterator[str]:  # noqa: ANN401 - JSON
    if isinstance(value, dict):
        members = [f"{key}: {_scalar(v)}" for key, v in value.items() if _is_scalar(v)]
        yield from _joined(members, path)
        for key, inner in value.items():
            if not _is_scalar(inner):
                yield from _lines(inner, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        if all(map(_is_scalar, value)):
            yield from _joined([_scalar(item) for item in value], path)
        else:
            for item in value:
                yield from _lines(item, path)
    else:
        yield from _joined([_scalar(value)], path)


def _joined(members: list[str], path: str) -> Iterator[str]:
    """Yield the members on one line, or one a line if that gets long."""
    prefix = f"{path}: " if path else ""
    if sum(map(len, members)) <= _LONG:
        if members:
            yield prefix + "; ".join(members)
    else:
        for member in members:
            yield prefix + member


def _is_scalar(value: Any) -> bool:  # noqa: ANN401 - JSON
    return not isinstance(value, dict | list)


def _scalar(value: Any) -> str:  # noqa: ANN401 - JSON
    if isinstance(value, str):
        return one_line(value)
    return {None: "null", True: "true", False: "false"}[value]
