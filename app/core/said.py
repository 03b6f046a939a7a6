"""What a passage says, sentence by sentence, with the terms of each.

An index cuts a passage once and keeps this with it, a line a sentence: where it begins and ends in
the passage, then its terms. To read that costs a tenth of cutting the passage again.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from app.core.ports import Analyzer
from app.core.sentences import split


class Said(NamedTuple):
    """A sentence at `start:end` of its passage, and its terms, each once and in order."""

    start: int
    end: int
    terms: Sequence[str]


def cut(text: str, analyzer: Analyzer) -> list[Said]:
    """Return the sentences of a passage, headings left out."""
    return [
        Said(one.start, one.end, sorted(set(analyzer.terms(text[one.start : one.end]))))
        for one in split(text)
        if not one.heading
    ]


def written(sentences: Iterable[Said]) -> str:
    """Return sentences as text; equal ones give equal text."""
    return "\n".join(f"{one.start} {one.end} {' '.join(one.terms)}" for one in sentences)


def read(text: str) -> list[Said]:
    """Return what was written."""
    return [_read(line) for line in text.splitlines()]


def _read(line: str) -> Said:
    start, end, *terms = line.split()
    return Said(int(start), int(end), terms)
