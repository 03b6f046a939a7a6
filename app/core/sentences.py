"""Cutting a passage into sentences: English and French prose, lists, headings, table rows.

Spans are exact, do not overlap, and leave out nothing but white space, list marks and the signs
of Markdown headings. Lines of running text that a page has wrapped are one sentence.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

LONGEST_LIST = 500  # characters of a list that stays with the sentence that introduces it

# Not the end of a sentence before a capital (titles, names of places, Latin) …
_TITLES = """
mm mr mrs ms mme mmes mlle mlles me dr drs pr prof st ste sts stes sr jr hon rev gen col capt
cf vs al ex app annexe tel tél éd eds c.-à-d dept dép min gouv boul bd rte
"""
# … before a digit …
_NUMBERED = """
no nos n° art arts par ch chap fig figs vol vols pp ss sec sect para paras approx env av reg
jan feb mar apr jun jul aug sep sept oct nov dec janv févr avr juill déc
"""
# … but these are, though they look like initials.
_ENDINGS = frozenset({"a.m", "p.m", "I"})
_ABBREVIATIONS = frozenset(_TITLES.split())
_BEFORE_NUMBERS = frozenset(_NUMBERED.split())
# A stop, what closes a quotation, white space; then a sentence may begin.
_STOP = re.compile(r"[.!?…]+(?:[\s\u00a0\u202f]?»|[\"”’')\]])*(?=[\s\u00a0\u202f]|$)")  # noqa: RUF001
_BEGIN = re.compile(r"[\s\u00a0\u202f]*(?:[«\"“(\[][\s\u00a0\u202f]*)?(?=[A-ZÀ-ÖØ-Þ0-9])")
_LAST_WORD = re.compile(r"([^\s\u00a0\u202f(\[«\"“'’]+)$")  # noqa: RUF001
_INITIAL = re.compile(r"(?:[^\W\d_]\.)*[^\W\d_]")
_HEADING = re.compile(r"#{1,6}\s+")
_ITEM = re.compile(r"(?:[-*+•‣▪●–—◦]|\(?(?:\d{1,3}|[a-z]|[ivx]{1,4})[.)]|\(?[A-Z]\))\s+")  # noqa: RUF001
_MARKS = frozenset("-*+•‣▪●–—◦(")  # noqa: RUF001
_NUMBERS = re.compile(r"\w{1,4}[.)]")  # what may be a number of a list
_ROW = re.compile(r"\|.*\|?\s*$")
_CELLS = re.compile(r"[^|]+(?: \| [^|]*)+$")  # a table's header as extraction writes it …
_LABEL = re.compile(r"([^:;]{1,80}): ")  # … and its rows: "fee: 160 $; delay: 20 days"
_RULE_ROW = re.compile(r"[\s|:+=\-_*]+$")
_RULE_SIGNS = frozenset("|:+=-_*")
_LONGEST_HEADING = 90
_LONGEST_WORD = 12  # that may be an abbreviation
_SHORT_LINE = 0.6  # of the line that follows
_GOES_ON = ".!?…;,:»”\"'"


@dataclass(frozen=True, slots=True)
class Unit:
    """A sentence (or heading, list item, table row) at `start:end` of the text it was cut from."""

    start: int
    end: int
    heading: bool = False


@dataclass(slots=True)
class _Block:
    start: int
    end: int
    kind: str  # "text", "item", "row", "heading"


def split(text: str) -> list[Unit]:
    """Return the sentences of a text in order."""
    units: list[Unit] = []
    blocks = _with_lists(text, list(_blocks(text)))
    for n, block in enumerate(blocks):
        if block.kind == "heading" or _looks_like_heading(text, block, n + 1 < len(blocks)):
            units.append(Unit(block.start, block.end, heading=True))
        elif block.kind in {"row", "list"}:
            units.append(Unit(block.start, block.end))
        else:
            units.extend(_sentences(text, block.start, block.end))
    return units


def _blocks(text: str) -> Iterator[_Block]:
    """Group lines: an item, a row and a heading begin a block; a blank line ends one."""
    current: _Block | None = None
    for start, end in _lines(text):
        kind, begin = _kind(text, start, end)
        if current is not None and (
            kind != "text"
            or begin == end
            or current.kind in {"heading", "row"}
            or _same_label(text[current.start : current.end], text[begin:end])
            or _stands_alone(text[current.start : current.end], text[begin:end])
        ):
            yield current
            current = None
        if begin == end:
            continue
        if current is None:
            current = _Block(begin, end, kind)
        else:
            current.end = end
    if current is not None:
        yield current


def _stands_alone(line: str, following: str) -> bool:
    """Tell whether a line is no wrapped one: short beside the next, which begins anew."""
    return (
        "\n" not in line
        and len(line) < _SHORT_LINE * len(following)
        and line[-1] not in _GOES_ON
        and following[0].isupper()
    )


def _same_label(line: str, following: str) -> bool:
    """Tell whether two lines are rows of one table: they begin with the same label."""
    if ": " not in following:  # most are not: to look costs less than to match
        return False
    label, other = _LABEL.match(line), _LABEL.match(following)
    return label is not None and other is not None and label[1] == other[1]


def _lines(text: str) -> Iterator[tuple[int, int]]:
    start = 0
    for line in text.splitlines(keepends=True):
        end = start + len(line)
        stripped = line.strip()
        begin = start + line.index(stripped) if stripped else end
        yield begin, begin + len(stripped)
        start = end


def _kind(text: str, start: int, end: int) -> tuple[str, int]:
    """Return what a line is and where its own words begin."""
    first = text[start : start + 1]
    if first == "#" and (heading := _HEADING.match(text, start, end)):
        return "heading", heading.end()
    if first in _RULE_SIGNS and _RULE_ROW.match(text, start, end):
        return "text", end
    if text.find("|", start, end) >= 0:
        line = text[start:end]
        if (first == "|" and _ROW.match(line)) or _CELLS.match(line):
            return "row", start
    if (first in _MARKS or _NUMBERS.match(text, start, end)) and (
        item := _ITEM.match(text, start, end)
    ):
        return "item", item.end()
    return "text", start


def _with_lists(text: str, blocks: list[_Block]) -> list[_Block]:
    """Join a short list to the line that introduces it with a colon."""
    joined: list[_Block] = []
    n = 0
    while n < len(blocks):
        block, n = blocks[n], n + 1
        if block.kind in {"text", "item"} and text[block.end - 1] == ":":
            last = n
            while last < len(blocks) and blocks[last].kind == "item":
                last += 1
            lead = _sentences(text, block.start, block.end)
            if last > n and blocks[last - 1].end - lead[-1].start <= LONGEST_LIST:
                joined.extend(_Block(s.start, s.end, "list") for s in lead[:-1])
                joined.append(_Block(lead[-1].start, blocks[last - 1].end, "list"))
                n = last
                continue
        joined.append(block)
    return joined


def _looks_like_heading(text: str, block: _Block, followed: bool) -> bool:  # noqa: FBT001
    """Tell whether a text block is a short line of its own without a full stop."""
    line = text[block.start : block.end]
    return (
        block.kind == "text"
        and followed
        and len(line) <= _LONGEST_HEADING
        and "\n" not in line
        and line[-1] not in _GOES_ON
    )


def _sentences(text: str, start: int, end: int) -> list[Unit]:
    units = []
    begin = start
    for stop in _STOP.finditer(text, start, end):
        if stop.end() >= end:
            break
        following = _BEGIN.match(text, stop.end(), end)
        if following is None or _abbreviates(text, begin, stop):
            continue
        units.append(Unit(begin, stop.end()))
        begin = _skip_space(text, stop.end(), end)
    if begin < end:
        units.append(Unit(begin, end))
    return units


def _abbreviates(text: str, begin: int, stop: re.Match[str]) -> bool:
    """Tell whether the stop belongs to an abbreviation, an initial or a list number."""
    if stop.group() != ".":
        return False
    found = _LAST_WORD.search(text, max(begin, stop.start() - _LONGEST_WORD), stop.start())
    if found is None:
        return False
    word = found.group(1)
    if found.start() == begin and (word.isdigit() or len(word) == 1):
        return True
    if _INITIAL.fullmatch(word):
        return word not in _ENDINGS
    if word.casefold() in _BEFORE_NUMBERS:
        return text[stop.end() : stop.end() + 4].lstrip()[:1].isdigit()
    return word.casefold() in _ABBREVIATIONS


def _skip_space(text: str, start: int, end: int) -> int:
    while start < end and text[start].isspace():
        start += 1
    return start
