"""Lines of a printed page made into running text: hyphens at line ends, wrapped paragraphs."""

import re
from itertools import pairwise

# What PDFium puts where a word was broken at the end of a line, in place of hyphen and break.
_MARK = re.compile("[\x02\ufffe]\\s*")
_APOSTROPHE = re.compile("['\u2019]")
_PUNCTUATION = '.,;:!?()[]{}"\u00ab\u00bb\u201c\u201d\u2026-'
_FIRST_HALF, _SECOND_HALF = re.compile(r"(-?)([^\W\d_]+)$"), re.compile(r"([^\W\d_]+)(-?)")
_LONGEST = 60  # letters of half a word
_SPACES = re.compile(r"[ \t\u00a0]{2,}|[\t\u00a0]")
# What French and English attach with a hyphen.
_ATTACHED = (
    "ci là ce je tu il elle on nous vous ils elles moi toi lui leur la le les en y être même mêmes "
    "based like up off in out to by old year time free wide"
)
_SECOND_HALVES = frozenset(_ATTACHED.split())
_ENDS = (".", "!", "?", ":", ";", "\u201d", "\u00bb")
_ITEM = re.compile(r"(?:[a-z]|[ivx]+|\d+)[.)]\s")
_USUAL = 0.8  # quantile of a page's line lengths
_HALF, _FULL = 0.5, 0.7  # of the usual length: a shorter line ends a paragraph
_PROSE = 45  # characters: shorter full lines are tables, lists and titles


class Hyphens:
    """Mends broken words by what else the document says: "known" beside "well-known"."""

    def __init__(self, texts: list[str]) -> None:
        self._known: set[str] = set()
        if any(_MARK.search(text) for text in texts):
            words = {word for text in texts for word in _APOSTROPHE.sub(" ", text).split()}
            whole = (word.strip(_PUNCTUATION) for word in words if not _MARK.search(word))
            self._known = {word.casefold() for word in whole}

    def join(self, text: str) -> str:
        """Return the text with every broken word in one piece."""
        pieces = _MARK.split(text)
        mended = pieces[:1]
        for before, after in pairwise(pieces):
            mended += (self._joint(before[-_LONGEST:], after[:_LONGEST]), after)
        return "".join(mended)

    def _joint(self, before: str, after: str) -> str:
        """Return what belongs between the halves of a word: a hyphen, or nothing."""
        halves = _FIRST_HALF.search(before), _SECOND_HALF.match(after)
        if halves[0] is None or halves[1] is None:
            return "-"
        first, second = halves[0][2].casefold(), halves[1][1].casefold()
        if first + second in self._known:
            return ""
        compound = halves[0][1] or halves[1][2]  # `state-of-|the-art`
        if compound or f"{first}-{second}" in self._known:
            return "-"
        words = first in self._known and (second in self._known or second in _SECOND_HALVES)
        return "-" if words or not halves[1][1].islower() else ""


def flow(text: str) -> list[str]:
    """Return a page's lines with those of one paragraph joined."""
    lines = [line for row in _SPACES.sub(" ", text).splitlines() if (line := row.lstrip())]
    usual = sorted(map(len, lines))[int(_USUAL * len(lines))] if lines else 0
    joined: list[str] = []
    previous = ""
    for line in lines:
        if _continues(previous, line, usual):
            joined[-1] = f"{joined[-1].rstrip()} {line}"
        else:
            joined.append(line)
        previous = line
    return [line.rstrip() for line in joined]


def _continues(previous: str, line: str, usual: int) -> bool:
    """Tell whether a line goes on with the sentence of the one before it."""
    shown = previous.rstrip()
    if len(previous) < _HALF * usual or not shown or shown.endswith(_ENDS):
        return False
    full = len(previous) >= max(_PROSE, _FULL * usual)
    flows = full and line[0].isalpha() and (shown[-1].isalnum() or shown[-1] == ",")
    spaced = len(shown) < len(previous)  # some producers keep the space of the wrap
    return (flows or spaced or line[0].islower()) and not _ITEM.match(line)
