"""Scoring a snapshot's passages for a question: exact BM25, and a fuzzy leg beside it.

The fuzzy leg is a soft cosine: each term of the question stands for all words of the vocabulary
that are spelled like it, weighted by how near they are. It finds what inflection and typing errors
hide; it knows nothing of meaning. A term that no passage has is read as the words nearest to it in
the lexical leg, too.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import compress
from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from app.adapters.embedded.index.meaning import Vectors
from app.adapters.embedded.index.rows import Ints
from app.adapters.embedded.index.segment import DAMPED
from app.adapters.embedded.index.snapshot import Masks, Part, Snapshot
from app.adapters.embedded.index.spelling import look_up, passages_of
from app.adapters.embedded.index.term import Term
from app.core.ranking import FUSION_WEIGHT, term_weight

Scores: TypeAlias = npt.NDArray[np.float64]

K1, B = 1.2, 0.75  # BM25
_BLOCKS = 8  # of scores, for each passage wanted


class Hit(NamedTuple):
    """A scored passage: its version's key, its ordinal."""

    key: int
    ordinal: int
    lexical: float
    similarity: float
    matched: frozenset[int]


@dataclass(frozen=True, slots=True)
class Scored:
    """The best passages, the question's distinct terms with their weights, what was searched."""

    hits: tuple[Hit, ...]
    terms: tuple[tuple[str, float], ...]
    searched: int


@dataclass(frozen=True, slots=True)
class _Legs:
    """Both raw scores of every passage of a part."""

    lexical: Scores
    similarity: Scores


def score(
    snapshot: Snapshot,
    question: Sequence[str],
    where: Masks | None,
    limit: int,
    vector: Vectors | None = None,
) -> Scored:
    """Return the `limit` best passages by fused score, with both raw scores of each.

    With the question's `vector`, the similarity of passages that have one is the cosine of the two.
    """
    total = snapshot.passages
    asked = look_up(snapshot, question)
    terms = [term for term, _ in asked]
    searched = total if where is None else sum(int(mask.sum()) for mask in where)
    weights = tuple((term.text, term_weight(total, term.holding)) for term in terms)
    if not terms or not searched:
        return Scored((), weights, searched)
    average = sum(part.length for part in snapshot.parts) / total or 1.0
    worth = np.array([(1 + math.log(n)) * _rarity(total, t.holding) for t, n in asked])
    legs = [
        _Legs(
            _lexical(part, n, asked, (total, average)),
            _meaning(part, vector, _similarity(part, n, terms, worth)),
        )
        for n, part in enumerate(snapshot.parts)
    ]
    return Scored(tuple(_best(snapshot, legs, terms, where, limit)), weights, searched)


def _rarity(total: int, holding: int) -> float:
    """Return BM25's weight of a term; ln(N + 1) for one that no passage has."""
    if not holding:
        return math.log(total + 1)
    return math.log(1 + (total - holding + 0.5) / (holding + 0.5))


def _lexical(
    part: Part, n: int, asked: Sequence[tuple[Term, int]], sizes: tuple[int, float]
) -> Scores:
    """Return BM25 with Lucene's weights, a repeated term counting each time."""
    total, average = sizes
    known = [(t, times) for t, times in asked if t.holding and len(t.spellings[n].exact)]
    words = np.array([term.spellings[n].exact[0] for term, _ in known], np.int64)
    weights = np.array([times * _rarity(total, term.holding) for term, times in known])
    scores = _saturated(part, words, weights, average)
    for term, times in asked:
        if not term.holding and len(term.spellings[n].exact):
            spelling = term.spellings[n]
            weight = times * _rarity(total, term.readable)
            read = [
                _saturated(part, np.array([word]), np.array([weight * strength]), average)
                for word, strength in zip(spelling.exact, spelling.strength, strict=True)
            ]
            scores += np.maximum.reduce(read)
    return scores


def _saturated(part: Part, words: Ints, weights: Scores, average: float) -> Scores:
    segment = part.segment
    if not len(words):
        return np.zeros(len(segment.slot), np.float64)
    held = segment.rows(words)
    often = held.occurrences.astype(np.float32)
    length = K1 * (1 - B) + (K1 * B / average) * segment.lengths[held.passages]
    worth = np.repeat(weights, held.counts) * (often * (K1 + 1) / (often + length))
    return np.bincount(held.passages, worth, len(segment.slot)).astype(np.float64, copy=False)


def _similarity(part: Part, n: int, terms: Sequence[Term], asked: Scores) -> Scores:
    """Return the soft cosine, 0..1."""
    segment = part.segment
    words = np.concatenate([term.spellings[n].like for term in terms])
    weights = np.concatenate(
        [weight * term.spellings[n].nearness for weight, term in zip(asked, terms, strict=True)]
    )
    held = segment.rows(words)
    worth = np.repeat(weights, held.counts) * DAMPED[held.occurrences]
    product = np.bincount(held.passages, worth, minlength=len(segment.slot))
    length = float(np.sqrt(np.square(asked).sum())) or 1.0
    return np.minimum(product / (segment.norms * length), 1.0)


def _meaning(part: Part, vector: Vectors | None, similarity: Scores) -> Scores:
    """Return the cosine of vectors in place of the similarity where a passage has a vector."""
    segment = part.segment
    if vector is None or segment.vectors.shape[1] != len(vector):
        return similarity
    cosine = np.clip(segment.vectors @ vector, 0.0, 1.0).astype(np.float64)
    return np.where(segment.embedded, cosine, similarity)


def _best(
    snapshot: Snapshot,
    legs: Sequence[_Legs],
    terms: Sequence[Term],
    where: Masks | None,
    limit: int,
) -> list[Hit]:
    lexical = np.concatenate([leg.lexical for leg in legs])
    similarity = np.concatenate([leg.similarity for leg in legs])
    if where is not None:
        passing = np.concatenate(where)
        lexical, similarity = lexical * passing, similarity * passing
    best = lexical.max(initial=0.0) or 1.0
    fused = lexical * ((1 - FUSION_WEIGHT) / best) + FUSION_WEIGHT * similarity
    top = _highest(fused, limit)
    begins = np.cumsum([0] + [len(leg.lexical) for leg in legs])
    part_of = np.searchsorted(begins, top, "right") - 1
    places = top - begins[part_of]
    keys, ordinals = _addresses(snapshot, part_of, places)
    # Equal passages go by address, however the segments happen to lie.
    order = np.lexsort((ordinals, keys, -fused[top]))[:limit]
    matched = _matched(snapshot, terms, part_of[order], places[order])
    top = top[order]
    columns = (keys[order], ordinals[order], lexical[top], similarity[top])
    found = zip(*(column.tolist() for column in columns), matched, strict=True)
    return list(map(Hit._make, found))


def _addresses(snapshot: Snapshot, part_of: Ints, places: Ints) -> tuple[Ints, Ints]:
    """Return the version's key and the ordinal of each passage."""
    keys, ordinals = np.zeros((2, len(places)), np.int64)
    for number, part in enumerate(snapshot.parts):
        here = part_of == number
        slots = part.segment.slot[places[here]]
        keys[here] = part.segment.keys[slots]
        ordinals[here] = places[here] - part.segment.first[slots]
    return keys, ordinals


def _highest(fused: Scores, limit: int) -> Ints:
    """Return where the `limit` highest are, above 0, and all that equal the least of them.

    The scores are cut into blocks. At least `limit` of them reach the `limit`-th highest of the
    blocks' maxima: what is below is out, which spares sorting (slow where most scores are 0).
    """
    step = len(fused) // (_BLOCKS * limit) or 1
    peaks = np.maximum.reduceat(fused, np.arange(0, len(fused), step))
    least = _nth_highest(peaks, limit)
    some = np.flatnonzero((fused >= least) & (fused > 0))
    return some[fused[some] >= _nth_highest(fused[some], limit)]


def _nth_highest(values: Scores, n: int) -> float:
    """Return the `n`-th highest; 0.0 if there are not more than that."""
    return float(np.partition(values, -n)[-n]) if n < len(values) else 0.0


def _matched(
    snapshot: Snapshot, terms: Sequence[Term], part_of: Ints, places: Ints
) -> list[frozenset[int]]:
    """Return which terms each of these passages has."""
    has = np.zeros((len(terms), len(places)), bool)
    for number, part in enumerate(snapshot.parts):
        here = np.flatnonzero(part_of == number)
        if not len(here):
            continue
        for row, term in zip(has, terms, strict=True):
            for word in term.spellings[number].meant:
                row[here] |= _among(passages_of(part.segment, word), places[here])
    every = range(len(terms))
    return [frozenset(compress(every, column)) for column in has.T.tolist()]


def _among(passages: npt.NDArray[np.int32], wanted: Ints) -> npt.NDArray[np.bool_]:
    """Tell which of the wanted passages are among those, which ascend."""
    if not len(passages):  # a title's word of a version without passages
        return np.zeros(len(wanted), bool)
    at = np.minimum(np.searchsorted(passages, wanted), len(passages) - 1)
    found: npt.NDArray[np.bool_] = passages[at] == wanted
    return found
