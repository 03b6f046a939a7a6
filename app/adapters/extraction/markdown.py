"""Markdown (CommonMark and tables): headings as sections, text without its marks."""

import re
from collections.abc import Iterator
from pathlib import Path

from app.adapters.extraction.plain import read_source
from app.adapters.extraction.reading import Block, Caps, Part, Reading
from app.adapters.extraction.rows import lines

_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_ATX = re.compile(r" {0,3}(#{1,6})(?:[ \t]+(.*?))?(?:[ \t]+#+)?[ \t]*$")
_UNDERLINE = re.compile(r" {0,3}(=+|-+)[ \t]*$")
_NO_PARAGRAPH = re.compile(r"\s*(?:$|[>#|]|[-*+] |\d+[.)] )")
_DELIMITER = re.compile(r"\s*\|?\s*:?-+:?\s*(?:\|\s*:?-+:?\s*)*\|?\s*$")
_CELL = re.compile(r"(?<!\\)\|")
_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)  # not shown, so not read
_FRONT_MATTER = re.compile(r"\A---\n.*?\n(?:---|\.\.\.)\n", re.DOTALL)
_LONGEST = 5_000
_INLINE = (
    (re.compile(r"!\[([^\]\n]*)\]\([^)\n]*\)"), r"\1"),  # image: its description
    (re.compile(r"(?<!\\)\[([^\]\n]+)\]\((?:<[^>\n]*>|[^)\s\n]*)(?:\s+[^)\n]*)?\)"), r"\1"),  # link
    (re.compile(r"(?<![\\*])(\*\*|__)(?=\S)([^\n]+?)(?<=\S)\1"), r"\2"),
    (re.compile(r"(?<![\\\w*])([*_])(?=\S)([^\n*_]+?)(?<=\S)\1(?![\w*])"), r"\2"),
    (re.compile(r"(?<!`)`([^`\n]+)`(?!`)"), r"\1"),
    (re.compile(r"\\([!-/:-@\[-`{-~])"), r"\1"),
)


def read_markdown(path: Path, caps: Caps) -> Reading:
    """Read a Markdown file."""
    source = read_source(path, caps).replace("\r\n", "\n")
    source = _COMMENT.sub("", _FRONT_MATTER.sub("", source))
    return Reading([Part(list(_blocks(source.split("\n"))))])


def _blocks(source: list[str]) -> Iterator[Block]:
    text: list[str] = []
    at = 0
    while at < len(source):
        size, heading = _heading(source, at)
        if heading is not None:
            yield from _flush(text)
            yield heading
        elif size == 0 and (fence := _FENCE.match(source[at])):
            size = _fenced(source, at, fence[1])
            text += source[at + 1 : at + size - 1]
        elif size == 0 and (size := _table(source, at)):
            yield from _flush(text)
            yield Block("\n".join(_rows(source[at : at + size])))
        else:
            text.append(_plain(source[at]))
            size = 1
        at += size
    yield from _flush(text)


def _flush(text: list[str]) -> Iterator[Block]:
    if text:
        yield Block("\n".join(text))
        text.clear()


def _heading(source: list[str], at: int) -> tuple[int, Block | None]:
    line = source[at]
    if atx := _ATX.match(line):
        return 1, Block(_plain(atx[2] or ""), len(atx[1]))
    below = source[at + 1] if at + 1 < len(source) else ""
    if (underline := _UNDERLINE.match(below)) and not _NO_PARAGRAPH.match(line):
        return 2, Block(_plain(line), 1 if underline[1][0] == "=" else 2)
    return 0, None


def _fenced(source: list[str], at: int, fence: str) -> int:
    """Return how many lines a code block has, its fences included."""
    for index in range(at + 1, len(source)):
        closing = source[index].strip()
        if closing.startswith(fence) and not closing.strip(fence[0]):
            return index - at + 1
    return len(source) - at + 1


def _table(source: list[str], at: int) -> int:
    """Return how many lines a table that starts here has, 0 if none does."""
    if "|" not in source[at] or at + 1 >= len(source) or not _DELIMITER.match(source[at + 1]):
        return 0
    end = at + 2
    while end < len(source) and "|" in source[end]:
        end += 1
    return end - at


def _rows(table: list[str]) -> Iterator[str]:
    rows = [_CELL.split(row.strip().removeprefix("|").removesuffix("|")) for row in table]
    return lines([[_plain(cell) for cell in row] for row in (rows[0], *rows[2:])], 0)


def _plain(line: str) -> str:
    if len(line) > _LONGEST:  # no prose; the patterns are not linear
        return line
    for mark, shown in _INLINE:
        line = mark.sub(shown, line)
    return line
