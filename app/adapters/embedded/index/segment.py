"""An inverted index of some versions in memory, never changed once built.

Segments are cheap to build for a few versions and are merged into larger ones. Which of its
versions still count is not the segment's business (see `snapshot`).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from app.adapters.embedded.index import grams
from app.adapters.embedded.index.grams import Grams
from app.adapters.embedded.index.postings import MOST_OF_A_TERM, Postings

Ints: TypeAlias = npt.NDArray[np.int64]
Bools: TypeAlias = npt.NDArray[np.bool_]
TITLE_WEIGHT = 2  # a term of the title counts as often in each passage

# What a term's occurrences count in the fuzzy leg: 1 + ln n.
DAMPED = np.concatenate(([0.0], 1 + np.log(np.arange(1, MOST_OF_A_TERM + 1)))).astype(np.float32)
_WORD_BYTES = 130  # of memory: a string and its place in a dictionary


@dataclass(frozen=True, slots=True)
class Source:
    """A version to be indexed: its key, its postings, the terms of its title."""

    key: int
    postings: Postings
    title: Sequence[str]


@dataclass(frozen=True, slots=True)
class Segment:
    """Rows sorted by term, then passage; those of term n are `starts[n]:starts[n + 1]`.

    Passages are numbered from 0 through all versions; `slot` says which of `keys` one belongs to,
    `first` where a version begins.
    """

    words: dict[str, int]
    grams: Grams
    starts: Ints
    passages: npt.NDArray[np.int32]
    occurrences: npt.NDArray[np.uint8]
    lengths: npt.NDArray[np.float32]
    norms: npt.NDArray[np.float32]  # of the damped occurrences
    keys: Ints
    first: Ints
    slot: npt.NDArray[np.int32]

    @property
    def size_bytes(self) -> int:
        """Return about what it takes in memory."""
        arrays = (self.starts, self.passages, self.occurrences, self.lengths, self.norms, self.slot)
        words = _WORD_BYTES * len(self.words)
        return sum(array.nbytes for array in arrays) + self.grams.size_bytes + words

    def rows(self, terms: Ints) -> tuple[Ints, Ints]:
        """Return the row numbers of all these terms in turn, and how many each has."""
        begin = self.starts[terms]
        counts = self.starts[terms + 1] - begin
        shift = begin - np.cumsum(counts) + counts
        return np.repeat(shift, counts) + np.arange(counts.sum()), counts


@dataclass(frozen=True, slots=True)
class _Rows:
    """Rows of a segment to be, in any order that keeps passages of a term ascending."""

    term: Ints
    passage: Ints
    occurrences: npt.NDArray[np.uint8]


def build(sources: Sequence[Source]) -> Segment:
    """Index versions."""
    words: dict[str, int] = {}
    parts, lengths, begin = [], [], 0
    for source in sources:
        parts.append(_titled(source, words, begin))
        count = len(source.postings.lengths)
        lengths.append(source.postings.lengths + np.uint32(len(source.title)))
        begin += count
    counts = np.array([len(source.postings.lengths) for source in sources], np.int64)
    keys = np.array([source.key for source in sources], np.int64)
    return _sorted(words, _joined(parts), np.concatenate(lengths), (keys, counts))


def _titled(source: Source, words: dict[str, int], begin: int) -> _Rows:
    """Return a version's rows with its title's terms counted in every passage."""
    postings = source.postings
    number = np.array([words.setdefault(word, len(words)) for word in postings.words], np.int64)
    rows = _Rows(
        np.repeat(number, postings.holding),
        postings.passages.astype(np.int64) + begin,
        postings.occurrences,
    )
    count = len(postings.lengths)
    for term in dict.fromkeys(source.title):
        of_title = words.setdefault(term, len(words))
        here = rows.term == of_title
        total = np.full(count, TITLE_WEIGHT * source.title.count(term), np.int64)
        total[rows.passage[here] - begin] += rows.occurrences[here]
        added = _Rows(
            np.full(count, of_title),
            np.arange(begin, begin + count),
            np.minimum(total, MOST_OF_A_TERM).astype(np.uint8),
        )
        rest = _Rows(rows.term[~here], rows.passage[~here], rows.occurrences[~here])
        rows = _joined([rest, added])
    return rows


def merge(parts: Sequence[tuple[Segment, Bools]]) -> Segment:
    """Join segments, of each the versions whose slot is true; the others leave no trace."""
    words: dict[str, int] = {}
    rows, lengths, keys, counts, begin = [], [], [], [], 0
    for segment, live in parts:
        kept = live[segment.slot]
        number = np.cumsum(kept) - 1 + begin
        row_kept = kept[segment.passages]
        held = np.diff(np.append(0, np.cumsum(row_kept))[segment.starts])
        places = np.zeros(len(held), np.int64)
        for word, old in segment.words.items():
            if held[old]:
                places[old] = words.setdefault(word, len(words))
        passage = number[segment.passages[row_kept]]
        rows.append(_Rows(np.repeat(places, held), passage, segment.occurrences[row_kept]))
        lengths.append(segment.lengths[kept])
        keys.append(segment.keys[live])
        counts.append(np.diff(np.append(segment.first, len(segment.slot)))[live])
        begin += int(kept.sum())
    of_versions = (np.concatenate(keys), np.concatenate(counts))
    return _sorted(words, _joined(rows), np.concatenate(lengths), of_versions)


def _joined(parts: Sequence[_Rows]) -> _Rows:
    return _Rows(
        np.concatenate([part.term for part in parts]),
        np.concatenate([part.passage for part in parts]),
        np.concatenate([part.occurrences for part in parts]),
    )


def _sorted(
    words: dict[str, int], rows: _Rows, lengths: npt.NDArray[np.number], versions: tuple[Ints, Ints]
) -> Segment:
    keys, counts = versions
    order = _stable_order(rows.term)
    passages, occurrences = rows.passage[order], rows.occurrences[order]
    squares = DAMPED[occurrences] ** 2
    norms = np.sqrt(np.bincount(passages, squares, minlength=len(lengths)))
    holding = np.bincount(rows.term, minlength=len(words))
    return Segment(
        words=words,
        grams=grams.build(tuple(words)),
        starts=np.append(0, np.cumsum(holding)),
        passages=passages.astype(np.int32),
        occurrences=occurrences,
        lengths=lengths.astype(np.float32),
        norms=np.maximum(norms, 1.0).astype(np.float32),
        keys=keys,
        first=np.cumsum(counts) - counts,
        slot=np.repeat(np.arange(len(keys)), counts).astype(np.int32),
    )


def _stable_order(numbers: Ints) -> Ints:
    """Return what sorts numbers below 2^32, equal ones in their order, by two radix sorts."""
    order = np.argsort(numbers.astype(np.uint16), kind="stable")
    high = (numbers >> 16).astype(np.uint16)
    return order[np.argsort(high[order], kind="stable")] if high.any() else order


def ids(segment: Segment, places: Ints) -> Iterator[tuple[int, int]]:
    """Yield the version's key and the ordinal of each passage."""
    slots = segment.slot[places]
    yield from zip(
        segment.keys[slots].tolist(), (places - segment.first[slots]).tolist(), strict=True
    )
