"""An answer made of the sources' own sentences: no model, no invented word."""

from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import fsum
from typing import ClassVar, NamedTuple, TypeAlias

from app.core.nearness import nearness
from app.core.ports import Analyzer, Claim, Material, Ranked, Support
from app.core.said import Said, cut, read

Parts: TypeAlias = Sequence[tuple[str, float]]  # the question's terms that a word is like, how far

LIKE = 0.4  # nearness from which a word stands for a term that the sentence lacks


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Which sentences make an answer."""

    most: int = 4
    passage_weight: float = 0.3  # of the passage's own rank beside the sentence's overlap
    near_best: float = 0.8  # of the best sentence's score: said as well
    worth: float = 0.15  # share of the question's weight that a further sentence must add
    shortest: int = 2  # terms of a sentence; less says nothing by itself


class _Line(NamedTuple):
    """A sentence of a ranked passage with the question's terms that it has."""

    rank: int
    start: int
    end: int
    terms: Sequence[str]
    hits: frozenset[str]
    score: float


@dataclass(slots=True)
class ExtractiveComposer:
    """Composes answers of verbatim sentences, those of one passage together, best first."""

    NAME: ClassVar = "extractive"
    analyzer: Analyzer
    selection: Selection = field(default_factory=Selection)
    name: str = NAME

    async def compose(self, material: Material) -> AsyncIterator[Claim]:
        """Yield the sentences that carry the question's weight, one to `Selection.most`.

        None where the passages are near the question by meaning alone, which is not judged here.
        """
        if not material.by_words:
            return
        weights = dict(material.found.terms)
        lines = sorted(self._lines(material, weights), key=_order)
        for line in _grouped(self._chosen(lines, weights)):
            yield _claim(material.ranked[line.rank], line)

    def _lines(self, material: Material, weights: Mapping[str, float]) -> Iterator[_Line]:
        total = sum(weights.values()) or 1.0
        said = [(rank, one) for rank, of_one in self._said(material) for one in of_one]
        alike = _alike(weights, set[str]().union(*(one.terms for _, one in said)))
        near, places = frozenset(alike), list(_places(material.ranked))
        for rank, one in said:
            words = near.intersection(one.terms)
            if not words or len(one.terms) < self.selection.shortest:
                continue
            parts = _best_parts([alike[word] for word in words])
            overlap = fsum([weights[term] * part for term, part in parts.items()]) / total
            start = material.ranked[rank].candidate.passage.span.start
            yield _Line(
                rank=rank,
                start=start + one.start,
                end=start + one.end,
                terms=one.terms,
                hits=frozenset(parts),
                score=overlap + self.selection.passage_weight * places[rank],
            )

    def _said(self, material: Material) -> Iterator[tuple[int, Sequence[Said]]]:
        """Yield what each passage says, by its place; other languages than the answer's may go."""
        for index, ranked in enumerate(material.ranked):
            passage = ranked.candidate.passage
            if not material.answer_language_only or passage.language == material.language:
                kept = passage.said
                yield index, read(kept) if kept is not None else cut(passage.text, self.analyzer)

    def _chosen(self, lines: Sequence[_Line], weights: Mapping[str, float]) -> list[_Line]:
        """Take the best, then what is nearly as good or adds to it, never the same twice."""
        total = sum(weights.values()) or 1.0
        chosen: list[_Line] = []
        said: set[str] = set()
        for line in lines:
            if len(chosen) == self.selection.most:
                break
            adds = sum(weights[term] for term in line.hits - said) / total
            near = chosen and line.score >= self.selection.near_best * chosen[0].score
            if chosen and not near and adds < self.selection.worth:
                continue
            if any(set(line.terms).issubset(other.terms) for other in chosen):
                continue
            chosen.append(line)
            said |= line.hits
        return chosen


def _places(ranked: Sequence[Ranked]) -> Iterator[float]:
    """Yield the score of each passage between the worst one's, 0, and the best one's, 1."""
    scores = [one.score for one in ranked]
    low, span = min(scores, default=0.0), max(scores, default=0.0) - min(scores, default=0.0)
    for score in scores:
        yield (score - low) / span if span > 0 else 1.0


def _alike(asked: Mapping[str, float], words: Iterable[str]) -> Mapping[str, Parts]:
    """Return the words that are, or are spelled like, terms asked with a weight, and how far."""
    initials: dict[str, list[str]] = {}
    for term in (term for term, weight in asked.items() if weight):
        initials.setdefault(term[0], []).append(term)
    found: dict[str, list[tuple[str, float]]] = {}
    for word in [word for word in words if word[0] in initials]:
        for term in initials[word[0]]:
            part = nearness(term, word)
            if part >= LIKE:
                found.setdefault(word, []).append((term, part))
    return found


def _best_parts(found: Iterable[Parts]) -> Mapping[str, float]:
    """Return how far words have each of the question's terms that they have at all."""
    best: dict[str, float] = {}
    for parts in found:
        for term, part in parts:
            if part > best.get(term, 0.0):
                best[term] = part
    return best


def whole(ranked: Sequence[Ranked], index: int) -> Claim:
    """Return the claim that the passage says what it says."""
    passage = ranked[index].candidate.passage
    support = Support(
        index=index, start=passage.span.start, end=passage.span.end, quote=passage.text
    )
    return Claim(text=" ".join(passage.text.split()), supports=(support,))


def _order(line: _Line) -> tuple[float, int, int]:
    return (-line.score, line.rank, line.start)


def _grouped(lines: Sequence[_Line]) -> list[_Line]:
    """Put sentences of one passage together in its order; passages by their best sentence."""
    place = {line.rank: n for n, line in reversed(list(enumerate(lines)))}
    return sorted(lines, key=lambda line: (place[line.rank], line.start))


def _claim(ranked: Ranked, line: _Line) -> Claim:
    passage = ranked.candidate.passage
    quote = passage.text[line.start - passage.span.start : line.end - passage.span.start]
    support = Support(index=line.rank, start=line.start, end=line.end, quote=quote)
    return Claim(text=" ".join(quote.split()), supports=(support,))
