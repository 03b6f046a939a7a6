"""From candidates of one or several spaces to one ranking. Pure, and the same for every backend.

Scores are fused, not ranks: rank fusion loses to plain BM25 wherever one leg is weak.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace

from app.core.models import PassageSpan
from app.core.ports import Candidate, Found, Ranked

FUSION_WEIGHT = 0.5  # of similarity; the rest is the lexical score over the best one found
SAME_WORDS = 0.9  # share of common words (Jaccard) from which two passages say the same
_SAME_SPAN = 0.5  # share of the shorter span that both cover
_SIMILAR_LENGTH = 0.85
_SIMILAR_SCORE = 0.9
_COMPARED = 20  # best passages that others are compared with


def term_weight(passages: int, holding: int) -> float:
    """Return how much a term tells that `holding` of the passages hold: ln(1 + N/n).

    A term that none holds weighs ln(N + 1), as much as one that a single passage holds.
    """
    return math.log1p(passages / max(holding, 1))


def merge(found: Sequence[Found]) -> Found:
    """Return what several spaces found as if it were one.

    A term weighs what it weighs where it is rarest. Stage times add up. It was searched by words
    alone if any space was.
    """
    if len(found) == 1:
        return found[0]
    weights: dict[str, float] = {}
    stages: dict[str, float] = {}
    for part in found:
        for term, weight in part.terms:
            weights[term] = max(weight, weights.get(term, 0.0))
        for stage, spent in part.stages_ms.items():
            stages[stage] = stages.get(stage, 0.0) + spent
    place = {term: n for n, term in enumerate(weights)}
    return Found(
        terms=tuple(weights.items()),
        candidates=tuple(c for part in found for c in _placed(part, place)),
        passages_searched=sum(part.passages_searched for part in found),
        stages_ms=stages,
        words_alone=any(part.words_alone for part in found),
        near=min((part.near for part in found if part.near is not None), default=None),
    )


def _placed(found: Found, place: dict[str, int]) -> Iterator[Candidate]:
    places = [place[term] for term, _ in found.terms]
    if places == list(range(len(places))):
        yield from found.candidates
        return
    for candidate in found.candidates:
        yield replace(candidate, matched=frozenset(places[n] for n in candidate.matched))


def coverage(found: Found, matched: frozenset[int]) -> float:
    """Return the share of the question's weight that the matched terms carry, 0..1."""
    return _share([weight for _, weight in found.terms], matched)


def _share(weights: Sequence[float], matched: frozenset[int]) -> float:
    total = sum(weights)
    return sum([weights[n] for n in matched]) / total if total > 0 else 0.0


def is_near(found: Found, candidate: Candidate) -> bool:
    """Tell whether a candidate is near the question by meaning."""
    return found.near is not None and candidate.similarity >= found.near


def fuse(found: Found, weight: float = FUSION_WEIGHT) -> tuple[Ranked, ...]:
    """Rank candidates, best first, by `(1 - weight) · lexical / best + weight · similarity`.

    Ties go by address, so that the order of the candidates does not matter.
    """
    weights = [one for _, one in found.terms]
    sets = {candidate.matched for candidate in found.candidates}  # a few: many match the same
    shares = {matched: _share(weights, matched) for matched in sets}
    best = max((c.lexical for c in found.candidates), default=0.0)
    ranked = [
        Ranked(
            candidate=candidate,
            score=_fused(candidate, best, weight),
            coverage=shares[candidate.matched],
        )
        for candidate in found.candidates
    ]
    return tuple(sorted(ranked, key=_order))


def _fused(candidate: Candidate, best: float, weight: float) -> float:
    lexical = candidate.lexical / best if best > 0 else 0.0
    similarity = min(1.0, max(0.0, candidate.similarity))
    return (1 - weight) * max(0.0, lexical) + weight * similarity


def _order(ranked: Ranked) -> tuple[float, float, str, str, int, int]:
    candidate, passage = ranked.candidate, ranked.candidate.passage
    address = (candidate.space_id, passage.document_id, passage.version, passage.span.ordinal)
    return (-ranked.score, -ranked.coverage, *address)


def distinct(ranked: Sequence[Ranked]) -> Iterator[Ranked]:
    """Yield what does not repeat a better one; looked at as far as is asked for.

    Passages that say nearly the same match the same terms and score nearly the same; only such are
    compared, and only with the best.
    """
    kept = 0
    rivals: dict[frozenset[int], list[Ranked]] = {}  # of the best, by the terms they match
    words: dict[str, frozenset[str]] = {}
    texts: set[str] = set()
    spans: dict[tuple[str, str, int], list[PassageSpan]] = {}
    for one in ranked:
        candidate, passage = one.candidate, one.candidate.passage
        home = (candidate.space_id, passage.document_id, passage.version)
        beside = spans.setdefault(home, [])
        if passage.text in texts or any(_overlap(passage.span, other) for other in beside):
            continue
        alike = rivals.setdefault(candidate.matched, [])
        if any(_say_the_same(one, other, words) for other in alike):
            continue
        if kept < _COMPARED:
            alike.append(one)
        kept += 1
        texts.add(passage.text)
        beside.append(passage.span)
        yield one


def _overlap(left: PassageSpan, right: PassageSpan) -> bool:
    shorter = min(left.end - left.start, right.end - right.start)
    return min(left.end, right.end) - max(left.start, right.start) > _SAME_SPAN * shorter


def _say_the_same(worse: Ranked, better: Ranked, words: dict[str, frozenset[str]]) -> bool:
    """Compare two passages that match the same terms; what was cut into words is kept for later."""
    if worse.score < _SIMILAR_SCORE * better.score:
        return False
    a, b = worse.candidate.passage.text, better.candidate.passage.text
    if min(len(a), len(b)) < _SIMILAR_LENGTH * max(len(a), len(b)):
        return False
    ours, theirs = (
        words.get(text) or words.setdefault(text, frozenset(text.casefold().split()))
        for text in (a, b)
    )
    common = len(ours & theirs)
    return common >= SAME_WORDS * (len(ours) + len(theirs) - common)
