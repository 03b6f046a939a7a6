"""An inverted index of some versions in memory, never changed once built.

Segments are cheap to build for a few versions and are merged into larger ones. Which of its
versions still count is not the segment's business (see `snapshot`).
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from app.adapters.embedded.index import grams
from app.adapters.embedded.index.grams import Grams
from app.adapters.embedded.index.postings import MOST_OF_A_TERM, Postings
from app.adapters.embedded.index.words import Hashes, Letters, hashes_of, runs

Ints: TypeAlias = npt.NDArray[np.int64]
Bools: TypeAlias = npt.NDArray[np.bool_]
TITLE_WEIGHT = 2  # a term of the title counts as often in each passage

# What a term's occurrences count in the fuzzy leg: 1 + ln n.
DAMPED = np.concatenate(([0.0], 1 + np.log(np.arange(1, MOST_OF_A_TERM + 1)))).astype(np.float32)


@dataclass(frozen=True, slots=True)
class Source:
    """A version to be indexed: its key, its postings, the terms of its title."""

    key: int
    postings: Postings
    title: Sequence[str]


@dataclass(frozen=True, slots=True)
class Segment:
    """Rows sorted by term, then passage; those of term n are `starts[n]:starts[n + 1]`.

    Terms are numbered by their hashes, which ascend. Passages are numbered from 0 through all
    versions; `slot` says which of `keys` one belongs to, `first` where a version begins.
    """

    hashes: Hashes
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
        """Return what it takes in memory."""
        of_rows = (self.passages, self.occurrences, self.lengths, self.norms, self.slot)
        arrays = (self.hashes, self.starts, self.keys, self.first, *of_rows)
        return sum(array.nbytes for array in arrays) + self.grams.size_bytes

    def numbers(self, hashes: Hashes) -> Ints:
        """Return the numbers of those of the terms that there are."""
        at = np.searchsorted(self.hashes, hashes)
        known = at < len(self.hashes)
        found: Ints = at[known][self.hashes[at[known]] == hashes[known]]
        return found

    def rows(self, terms: Ints) -> tuple[Ints, Ints]:
        """Return the row numbers of all these terms in turn, and how many each has."""
        counts = self.starts[terms + 1] - self.starts[terms]
        return runs(self.starts[terms], counts), counts


@dataclass(frozen=True, slots=True)
class _Rows:
    """Rows of a segment to be; within a term in the order of passages."""

    term: Ints
    passage: Ints
    occurrences: npt.NDArray[np.uint8]


def build(sources: Sequence[Source]) -> Segment:
    """Index versions."""
    all_postings = [source.postings for source in sources]
    titles = [Counter(source.title) for source in sources]
    title_words = [word for title in titles for word in title]
    hashes = np.concatenate([*(p.hashes for p in all_postings), hashes_of(title_words)])
    vocabulary, example, number = np.unique(hashes, return_index=True, return_inverse=True)
    counts = np.array([len(p.lengths) for p in all_postings], np.int64)
    in_titles = len(title_words)
    body = _body(all_postings, number[: len(number) - in_titles], np.cumsum(counts) - counts)
    lengths = np.concatenate([p.lengths for p in all_postings]).astype(np.float32)
    if in_titles:
        body = _with_titles(body, number[-in_titles:], titles, counts)
        longer = [sum(title.values()) for title in titles]
        lengths += np.repeat(np.array(longer, np.float32), counts)
    letters = [*(p.words for p in all_postings), Letters.of(title_words)]
    words = Letters(
        np.concatenate([part.letters for part in letters]),
        np.concatenate([part.sizes for part in letters]),
    )
    keys = np.array([source.key for source in sources], np.int64)
    spelled = grams.build(words.some(example))
    return _sorted((vocabulary, spelled), body, lengths, (keys, counts))


def _body(all_postings: Sequence[Postings], number: Ints, first: Ints) -> _Rows:
    rows = [len(p.passages) for p in all_postings]
    holding = np.concatenate([p.holding for p in all_postings])
    passages = np.concatenate([p.passages for p in all_postings]).astype(np.int64)
    return _Rows(
        np.repeat(number, holding),
        passages + np.repeat(first, rows),
        np.concatenate([p.occurrences for p in all_postings]),
    )


def _with_titles(body: _Rows, number: Ints, titles: Sequence[Counter[str]], counts: Ints) -> _Rows:
    """Add the terms of each version's title to all of its passages."""
    of_title = np.repeat(counts, [len(title) for title in titles])  # passages, by title's term
    begins = np.repeat(np.cumsum(counts) - counts, [len(title) for title in titles])
    often = np.array([n for title in titles for n in title.values()], np.int64) * TITLE_WEIGHT
    term = np.concatenate([body.term, np.repeat(number, of_title)])
    passage = np.concatenate([body.passage, runs(begins, of_title)])
    occurrences = np.concatenate([body.occurrences.astype(np.int64), np.repeat(often, of_title)])
    order = _stable_order(passage)
    order = order[_stable_order(term[order])]
    term, passage, occurrences = term[order], passage[order], occurrences[order]
    new = np.ones(len(term), bool)
    new[1:] = (term[1:] != term[:-1]) | (passage[1:] != passage[:-1])
    summed = np.add.reduceat(occurrences, np.flatnonzero(new)) if len(term) else occurrences
    return _Rows(term[new], passage[new], np.minimum(summed, MOST_OF_A_TERM).astype(np.uint8))


@dataclass(frozen=True, slots=True)
class _Remains:
    """What stays of a segment: which passages and rows, and how many rows of each term."""

    segment: Segment
    passages: Bools
    rows: Bools
    held: Ints

    @classmethod
    def of(cls, segment: Segment, live: Bools) -> "_Remains":
        passages = live[segment.slot]
        rows = passages[segment.passages]
        held = np.diff(np.append(0, np.cumsum(rows))[segment.starts])
        return cls(segment, passages, rows, held)

    def renumbered(self, number: Ints, begin: int) -> _Rows:
        """Return the rows with these numbers of their terms; passages count from `begin`."""
        passage = np.cumsum(self.passages) - 1 + begin
        return _Rows(
            np.repeat(number, self.held),
            passage[self.segment.passages[self.rows]],
            self.segment.occurrences[self.rows],
        )


def merge(parts: Sequence[tuple[Segment, Bools]]) -> Segment:
    """Join segments, of each the versions whose slot is true; the others leave no trace."""
    remains = [_Remains.of(segment, live) for segment, live in parts]
    hashes = np.concatenate([r.segment.hashes[r.held > 0] for r in remains])
    vocabulary, example, number = np.unique(hashes, return_index=True, return_inverse=True)
    spelled_here = np.full(len(number), -1)  # a word's grams are taken from one part
    spelled_here[example] = number[example]
    rows, spelled, at, begin = [], [], 0, 0
    for r in remains:
        terms = np.flatnonzero(r.held)
        here = slice(at, at + len(terms))
        now, from_here = np.full((2, len(r.held)), -1)
        now[terms], from_here[terms] = number[here], spelled_here[here]
        rows.append(r.renumbered(now, begin))
        spelled.append((r.segment.grams, from_here))
        at, begin = at + len(terms), begin + int(r.passages.sum())
    versions = [_versions(segment, live) for segment, live in parts]
    return _sorted(
        (vocabulary, grams.join(spelled, len(vocabulary))),
        _joined(rows),
        np.concatenate([r.segment.lengths[r.passages] for r in remains]),
        (np.concatenate([k for k, _ in versions]), np.concatenate([c for _, c in versions])),
    )


def _joined(parts: Sequence[_Rows]) -> _Rows:
    return _Rows(
        np.concatenate([part.term for part in parts]),
        np.concatenate([part.passage for part in parts]),
        np.concatenate([part.occurrences for part in parts]),
    )


def _versions(segment: Segment, live: Bools) -> tuple[Ints, Ints]:
    """Return the keys of the live versions and how many passages each has."""
    return segment.keys[live], np.diff(np.append(segment.first, len(segment.slot)))[live]


def _sorted(
    words: tuple[Hashes, Grams],
    rows: _Rows,
    lengths: npt.NDArray[np.float32],
    versions: tuple[Ints, Ints],
) -> Segment:
    (hashes, spelled), (keys, counts) = words, versions
    order = _stable_order(rows.term)
    passages, occurrences = rows.passage[order], rows.occurrences[order]
    norms = np.sqrt(np.bincount(passages, DAMPED[occurrences] ** 2, minlength=len(lengths)))
    holding = np.bincount(rows.term, minlength=len(hashes))
    return Segment(
        hashes=hashes,
        grams=spelled,
        starts=np.append(0, np.cumsum(holding)),
        passages=passages.astype(np.int32),
        occurrences=occurrences,
        lengths=lengths,
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
