"""Scores of the passages that queries proposed: the service ranks, but tells no text score.

BM25 over the proposed passages' own words, with what is counted in the whole space; how long a
passage is on average is taken of those that were proposed. `ranking.fuse` makes the final order.
"""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.core.ranking import FUSION_WEIGHT

_K1, _B = 1.2, 0.75


@dataclass(frozen=True, slots=True)
class Asked:
    """A question's terms: how often each is asked, and how many of `total` passages hold it."""

    often: Mapping[str, int]
    holding: Mapping[str, int]
    total: int


def lexical(asked: Asked, words: Sequence[Sequence[str]]) -> list[float]:
    """Return the text score of each passage, given by its words."""
    average = sum(map(len, words)) / len(words) if words else 1.0
    return [_score(asked, Counter(one), len(one) / (average or 1.0)) for one in words]


def _score(asked: Asked, held: Mapping[str, int], length: float) -> float:
    norm = _K1 * (1 - _B + _B * length)
    return sum(
        often * _rarity(asked, term) * held[term] * (_K1 + 1) / (held[term] + norm)
        for term, often in asked.often.items()
        if held[term]
    )


def _rarity(asked: Asked, term: str) -> float:
    holding = min(max(asked.holding[term], 1), asked.total)
    return math.log(1 + (asked.total - holding + 0.5) / (holding + 0.5))


def fused(lexical_scores: Sequence[float], similarities: Sequence[float]) -> list[float]:
    """Return the order's score of each passage, as `ranking.fuse` has it."""
    best = max(lexical_scores, default=0.0) or 1.0
    return [
        (1 - FUSION_WEIGHT) * text / best + FUSION_WEIGHT * similarity
        for text, similarity in zip(lexical_scores, similarities, strict=True)
    ]
