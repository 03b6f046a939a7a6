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
from app.adapters.embedded.index.meaning import Vectors, stacked
from app.adapters.embedded.index.postings import MOST_OF_A_TERM, Postings
from app.adapters.embedded.index.rows import Ints, Rows, distinct, joined, stable_order
from app.adapters.embedded.index.words import Hashes, Letters, hashes_of

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
    vectors: Vectors | None = None  # a row for each passage


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
    vectors: Vectors  # a row for each passage, of zeros where it has none
    embedded: Bools  # whether a passage has a vector

    @property
    def size_bytes(self) -> int:
        """Return what it takes in memory."""
        of_rows = (self.passages, self.occurrences, self.lengths, self.norms, self.slot)
        of_meaning = (self.vectors, self.embedded)
        arrays = (self.hashes, self.starts, self.keys, self.first, *of_meaning, *of_rows)
        return sum(array.nbytes for array in arrays) + self.grams.size_bytes

    def numbers(self, hashes: Hashes) -> Ints:
        """Return the number of each term, -1 for those that are not there."""
        at = np.searchsorted(self.hashes, hashes)
        at[at == len(self.hashes)] = 0
        there = self.hashes[at] == hashes if len(self.hashes) else np.zeros(len(at), bool)
        return np.where(there, at, -1)

    def rows(self, terms: Ints) -> "Held":
        """Return what holds these terms, term by term."""
        begins, ends = self.starts[terms], self.starts[terms + 1]
        spans = [slice(*span) for span in zip(begins.tolist(), ends.tolist(), strict=True)]
        return Held(
            np.concatenate([self.passages[span] for span in spans or [slice(0)]]),
            np.concatenate([self.occurrences[span] for span in spans or [slice(0)]]),
            ends - begins,
        )


@dataclass(frozen=True, slots=True)
class Held:
    """The passages that hold some terms, how often, and how many there are of each term."""

    passages: npt.NDArray[np.int32]
    occurrences: npt.NDArray[np.uint8]
    counts: Ints


@dataclass(frozen=True, slots=True)
class _Versions:
    """The versions of a segment to be; lengths and vectors by passage."""

    keys: Ints
    counts: Ints  # passages
    lengths: npt.NDArray[np.float32]
    vectors: Vectors


def build(sources: Sequence[Source]) -> Segment:
    """Index versions."""
    postings = [source.postings for source in sources]
    titles = [Counter(source.title) for source in sources]
    title_words = [word for title in titles for word in title]
    vocabulary, example, number = distinct([*(p.hashes for p in postings), hashes_of(title_words)])
    counts = np.array([len(p.lengths) for p in postings], np.int64)
    words = _split(number, [len(p.hashes) for p in postings] + [len(title) for title in titles])
    rows = [
        _titled(_body(one, words[n], begin), words[len(sources) + n], title, range(begin, end))
        for n, (one, title, begin, end) in enumerate(
            zip(postings, titles, np.cumsum(counts) - counts, np.cumsum(counts), strict=True)
        )
    ]
    letters = [*(p.words for p in postings), Letters.of(title_words)]
    spelled = Letters(
        np.concatenate([part.letters for part in letters]),
        np.concatenate([part.sizes for part in letters]),
    ).some(example)
    lengths = [p.lengths + float(title.total()) for p, title in zip(postings, titles, strict=True)]
    versions = _Versions(
        keys=np.array([source.key for source in sources], np.int64),
        counts=counts,
        lengths=np.concatenate(lengths).astype(np.float32),
        vectors=stacked([source.vectors for source in sources], counts),
    )
    return _sorted((vocabulary, grams.build(spelled)), joined(rows), versions)


def _split(numbers: Ints, sizes: Sequence[int]) -> list[Ints]:
    return np.split(numbers, np.cumsum(sizes)[:-1])


def _body(postings: Postings, number: Ints, begin: int) -> Rows:
    return Rows(
        np.repeat(number.astype(np.int32), postings.holding),
        postings.passages.astype(np.int32) + np.int32(begin),
        postings.occurrences,
    )


def _titled(rows: Rows, number: Ints, title: Counter[str], passages: range) -> Rows:
    """Return a version's rows with the terms of its title counted in each of its passages."""
    if not title:
        return rows
    order = np.argsort(number)
    ascending = number[order].astype(np.int32)
    total = np.empty((len(title), len(passages)), np.int64)
    total[:] = (np.array(list(title.values())) * TITLE_WEIGHT)[order, None]
    here = np.isin(rows.term, number)
    at = np.searchsorted(ascending, rows.term[here])
    total[at, rows.passage[here] - passages.start] += rows.occurrences[here]
    return Rows(
        np.concatenate([rows.term[~here], np.repeat(ascending, len(passages))]),
        np.concatenate([rows.passage[~here], np.tile(np.array(passages, np.int32), len(title))]),
        np.append(rows.occurrences[~here], np.minimum(total, MOST_OF_A_TERM).astype(np.uint8)),
    )


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

    def renumbered(self, number: Ints, begin: int) -> Rows:
        """Return the rows with these numbers of their terms; passages count from `begin`."""
        passage = (np.cumsum(self.passages) - 1 + begin).astype(np.int32)
        return Rows(
            np.repeat(number.astype(np.int32), self.held),
            passage[self.segment.passages[self.rows]],
            self.segment.occurrences[self.rows],
        )


def merge(parts: Sequence[tuple[Segment, Bools]]) -> Segment:
    """Join segments, of each the versions whose slot is true; the others leave no trace."""
    remains = [_Remains.of(segment, live) for segment, live in parts]
    vocabulary, example, number = distinct([r.segment.hashes[r.held > 0] for r in remains])
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
    versions = _Versions(
        keys=np.concatenate([segment.keys[live] for segment, live in parts]),
        counts=np.concatenate([_counts(segment)[live] for segment, live in parts]),
        lengths=np.concatenate([r.segment.lengths[r.passages] for r in remains]),
        vectors=stacked(
            [r.segment.vectors[r.passages] for r in remains],
            np.array([r.passages.sum() for r in remains]),
        ),
    )
    words = (vocabulary, grams.join(spelled, len(vocabulary)))
    return _sorted(words, joined(rows), versions)


def _counts(segment: Segment) -> Ints:
    """Return how many passages each version has."""
    counts: Ints = np.diff(np.append(segment.first, len(segment.slot)))
    return counts


def _sorted(words: tuple[Hashes, Grams], rows: Rows, versions: _Versions) -> Segment:
    hashes, spelled = words
    lengths, counts = versions.lengths, versions.counts
    order = stable_order(rows.term)
    passages, occurrences = rows.passage[order], rows.occurrences[order]
    norms = np.sqrt(np.bincount(passages, DAMPED[occurrences] ** 2, minlength=len(lengths)))
    holding = np.bincount(rows.term, minlength=len(hashes))
    return Segment(
        hashes=hashes,
        grams=spelled,
        starts=np.append(0, np.cumsum(holding)),
        passages=passages,
        occurrences=occurrences,
        lengths=lengths,
        norms=np.maximum(norms, 1.0).astype(np.float32),
        keys=versions.keys,
        first=np.cumsum(counts) - counts,
        slot=np.repeat(np.arange(len(counts)), counts).astype(np.int32),
        vectors=versions.vectors,
        embedded=np.any(versions.vectors != 0, axis=1),
    )
