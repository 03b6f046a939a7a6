"""What a passage says, sentence by sentence, with the terms of each.

An index cuts a passage once and keeps this with it, a line a sentence: where it begins and ends in
the passage, then its terms. To read that costs a tenth of cutting the passage again.
"""

from collections.abc import Iterable
from typing import NamedTuple

from app.core.ports import Analyzer
from app.core.sentences import split


class Said(NamedTuple):
    """A sentence at `start:end` of the passage that it is in, and its terms."""

    start: int
    end: int
    terms: frozenset[str]


def cut(text: str, analyzer: Analyzer) -> list[Said]:
    """Return the sentences of a passage, headings left out."""
    return [
        Said(one.start, one.end, frozenset(analyzer.terms(text[one.start : one.end])))
        for one in split(text)
        if not one.heading
    ]


def written(sentences: Iterable[Said]) -> str:
    """Return sentences as text; equal ones give equal text."""
    return "\n".join(f"{one.start} {one.end} {' '.join(sorted(one.terms))}" for one in sentences)


def read(text: str) -> list[Said]:
    """Return what was written."""
    return [_read(line) for line in text.splitlines()]


def _read(line: str) -> Said:
    start, end, terms = line.split(" ", 2)
    return Said(int(start), int(end), frozenset(terms.split(" ") if terms else ()))
