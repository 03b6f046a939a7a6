"""Scores of the passages that were proposed, by queries or in memory, and the best of them.

BM25 over the proposed passages' own words, with what is counted in the whole space; how long a
passage is on average is taken of those that were proposed: the service ranks, but tells no text
score. `ranking.fuse` makes the final order.
"""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from app.core.filters import Filter
from app.core.models import Passage
from app.core.ports import Candidate
from app.core.ranking import FUSION_WEIGHT, term_weight

Counts: TypeAlias = npt.NDArray[np.int32]
Scores: TypeAlias = npt.NDArray[np.float64]
_K1, _B = 1.2, 0.75
_DIGITS = 6  # of a similarity; what lies below depends on the order in which it was added up
_MOST_TERMS = 30  # of a question that are searched for, the rarest; FullTextScore takes no more
_MOST_ROWS = 200  # of a leg
_MOST_COUNTED = 60  # terms of a question


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is searched for."""

    terms: Sequence[str]
    limit: int
    where: Filter | None
    near: float  # cosine from which a passage is proposed that shares no term

    @property
    def rows(self) -> int:
        """Return how many a leg proposes: more than wanted, as some are not seen."""
        return min(2 * self.limit, _MOST_ROWS)


@dataclass(frozen=True, slots=True)
class Asked:
    """A question's terms: how often each is asked, and how many of `total` passages hold it."""

    often: Mapping[str, int]
    holding: Mapping[str, int]
    total: int

    @property
    def weights(self) -> tuple[tuple[str, float], ...]:
        """Return the terms with what each tells."""
        return tuple((term, term_weight(self.total, self.holding[term])) for term in self.often)

    @property
    def rarest(self) -> list[str]:
        """Return the terms that passages are proposed by."""
        rarest = sorted(self.often, key=lambda term: self.holding[term])
        return [term for term in rarest if self.holding[term]][:_MOST_TERMS]

    def worth(self, terms: Sequence[str]) -> Scores:
        """Return what BM25 makes of the rarity of each term, times how often it is asked."""
        return np.array([self.often[term] * self._rarity(term) for term in terms], np.float64)

    def _rarity(self, term: str) -> float:
        holding = min(max(self.holding[term], 1), self.total)
        return math.log(1 + (self.total - holding + 0.5) / (holding + 0.5))


@dataclass(frozen=True, slots=True)
class Proposed:
    """Proposed passages of a space, side by side."""

    space_id: str
    passages: Sequence[Passage]
    held: Counts  # how often each holds each term of the question; a row a term
    lengths: Counts  # words
    similarity: Scores  # raw cosines, 0 without vectors


def often(terms: Sequence[str]) -> Mapping[str, int]:
    """Return how often each term of a question is asked, without those that are too many."""
    return dict(islice(Counter(terms).items(), _MOST_COUNTED))


def saturated(held: Counts, lengths: Counts, average: float) -> Scores:
    """Return BM25's weight of so many occurrences in passages of such lengths."""
    norm = _K1 * (1 - _B + _B * lengths / (average or 1.0))
    weight: Scores = held * (_K1 + 1) / (held + norm)
    return weight


def best(asked: Asked, proposed: Proposed, wanted: Wanted) -> tuple[Candidate, ...]:
    """Return the best by fused score, as `ranking.fuse` has it; ties go by address."""
    average = float(proposed.lengths.mean()) if proposed.passages else 1.0
    weight = saturated(proposed.held, proposed.lengths, average)
    text = asked.worth(list(asked.often)) @ weight
    similar = np.round(np.clip(proposed.similarity, 0.0, 1.0), _DIGITS)
    fused = (1 - FUSION_WEIGHT) * text / (text.max(initial=0.0) or 1.0) + FUSION_WEIGHT * similar
    score = np.round(fused, _DIGITS)
    good = np.flatnonzero((text > 0) | (similar >= wanted.near)).tolist()
    good.sort(key=lambda n: (-score[n], *_address(proposed.passages[n])))
    return tuple(
        Candidate(
            passage=proposed.passages[n],
            space_id=proposed.space_id,
            lexical=float(text[n]),
            similarity=float(similar[n]),
            matched=frozenset(np.flatnonzero(proposed.held[:, n]).tolist()),
        )
        for n in good[: wanted.limit]
    )


def _address(passage: Passage) -> tuple[str, int, int]:
    return (passage.document_id, passage.version, passage.span.ordinal)
