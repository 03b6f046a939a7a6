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
_ENDS = frozenset(".!?:;\u201d\u00bb")
_ITEM = re.compile(r"(?:[a-z]|[ivx]+|\d+)[.)]\s")
_USUAL = 0.8  # quantile of a page's line lengths
_HALF, _FULL = 0.5, 0.7  # of the usual length: a shorter line ends a paragraph
_PROSE = 45  # characters: shorter full lines are tables, lists and titles


class Hyphens:
    """Mends broken words by what else the document says: "known" beside "well-known"."""

    def __init__(self, texts: list[str]) -> None:
        self._known: set[str] = set()
        if any(map(_is_broken, texts)):
            words = {word for text in texts for word in _APOSTROPHE.sub(" ", text).split()}
            whole = (word.strip(_PUNCTUATION) for word in words if not _is_broken(word))
            self._known = {word.casefold() for word in whole}

    def join(self, text: str) -> str:
        """Return the text with every broken word in one piece."""
        if not _is_broken(text):
            return text
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


def _is_broken(text: str) -> bool:
    return "\x02" in text or "\ufffe" in text


def flow(text: str) -> list[str]:
    """Return a page's lines with those of one paragraph joined."""
    if any(space in text for space in ("  ", "\t", "\u00a0")):
        text = _SPACES.sub(" ", text)
    lines = [line for row in text.splitlines() if (line := row.lstrip())]
    usual = sorted(map(len, lines))[int(_USUAL * len(lines))] if lines else 0
    paragraphs: list[list[str]] = []
    previous = "."
    for line in lines:
        shown = line.rstrip()
        if (
            previous[-1] not in _ENDS
            and len(previous) >= _HALF * usual
            and _continues(previous, line, usual)
        ):
            paragraphs[-1].append(shown)
        else:
            paragraphs.append([shown])
        previous = line if shown[-1] not in _ENDS else "."
    return [" ".join(paragraph) for paragraph in paragraphs]


def _continues(previous: str, line: str, usual: int) -> bool:
    """Tell whether a line goes on with the sentence of a rather full one before it."""
    last, first = previous[-1], line[0]
    full = len(previous) >= max(_PROSE, _FULL * usual)
    flows = full and first.isalpha() and (last.isalnum() or last == ",")
    # Some producers keep the space at which a line was wrapped.
    return (flows or last == " " or first.islower()) and not _ITEM.match(line)
