"""An answer made of the sources' own sentences: no model, no invented word."""

from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from app.core.nearness import nearness
from app.core.ports import Analyzer, Claim, Material, Ranked, Support
from app.core.said import Sayings

LIKE = 0.4  # nearness from which a word stands for a term that the sentence lacks


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Which sentences make an answer."""

    most: int = 4
    passage_weight: float = 0.3  # of the passage's own rank beside the sentence's overlap
    near_best: float = 0.8  # of the best sentence's score: said as well
    worth: float = 0.15  # share of the question's weight that a further sentence must add
    shortest: int = 2  # terms of a sentence; less says nothing by itself


@dataclass(frozen=True, slots=True, kw_only=True)
class _Line:
    """A sentence of a ranked passage with the question's terms that it has."""

    index: int
    start: int
    end: int
    terms: frozenset[str]
    hits: frozenset[str]
    score: float


@dataclass(slots=True)
class ExtractiveComposer:
    """Composes answers of verbatim sentences, those of one passage together, best first."""

    NAME: ClassVar = "extractive"
    analyzer: Analyzer
    selection: Selection = field(default_factory=Selection)
    name: str = NAME
    _sayings: Sayings = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._sayings = Sayings(self.analyzer)

    async def compose(self, material: Material) -> AsyncIterator[Claim]:
        """Yield the sentences that carry the question's weight, one to `Selection.most`."""
        weights = dict(material.found.terms)
        lines = sorted(self._lines(material, weights), key=_order)
        for line in _grouped(self._chosen(lines, weights)):
            yield _claim(material.ranked[line.index], line)

    def _lines(self, material: Material, weights: Mapping[str, float]) -> Iterator[_Line]:
        total = sum(weights.values()) or 1.0
        alike = _Alike(weights)
        for index, (ranked, rank) in enumerate(_placed(material)):
            passage = ranked.candidate.passage
            if material.answer_language_only and passage.language != material.language:
                continue
            for said in self._sayings.of(passage.text):
                parts = alike.parts(said.terms)
                if len(said.terms) < self.selection.shortest or not parts:
                    continue
                overlap = sum(weights[term] * part for term, part in parts.items()) / total
                yield _Line(
                    index=index,
                    start=passage.span.start + said.start,
                    end=passage.span.start + said.end,
                    terms=said.terms,
                    hits=frozenset(parts),
                    score=overlap + self.selection.passage_weight * rank,
                )

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
            if any(line.terms <= other.terms for other in chosen):
                continue
            chosen.append(line)
            said |= line.hits
        return chosen


def _placed(material: Material) -> Iterator[tuple[Ranked, float]]:
    """Yield each passage with its score between the worst one's, 0, and the best one's, 1."""
    scores = [ranked.score for ranked in material.ranked]
    low, span = min(scores, default=0.0), max(scores, default=0.0) - min(scores, default=0.0)
    for ranked in material.ranked:
        yield ranked, (ranked.score - low) / span if span > 0 else 1.0


class _Alike(dict[str, Sequence[tuple[str, float]]]):
    """Which of the question's terms a word is or is spelled like, and how far; found when asked."""

    def __init__(self, weights: Mapping[str, float]) -> None:
        super().__init__()
        self._asked = [term for term, weight in weights.items() if weight]
        self._initials: dict[str, list[str]] = {}
        for term in self._asked:
            self._initials.setdefault(term[0], []).append(term)

    def __missing__(self, word: str) -> Sequence[tuple[str, float]]:
        near = [(term, nearness(term, word)) for term in self._initials.get(word[0], ())]
        found = self[word] = [(term, part) for term, part in near if part >= LIKE] if near else ()
        return found

    def parts(self, words: Iterable[str]) -> Mapping[str, float]:
        """Return how far the words have each of the question's terms, in the question's order."""
        best: dict[str, float] = {}
        for near in filter(None, map(self.__getitem__, words)):
            for term, part in near:
                if part > best.get(term, 0.0):
                    best[term] = part
        return {term: best[term] for term in self._asked if term in best} if best else best


def whole(ranked: Sequence[Ranked], index: int) -> Claim:
    """Return the claim that the passage says what it says."""
    passage = ranked[index].candidate.passage
    support = Support(
        index=index, start=passage.span.start, end=passage.span.end, quote=passage.text
    )
    return Claim(text=" ".join(passage.text.split()), supports=(support,))


def _order(line: _Line) -> tuple[float, int, int]:
    return (-line.score, line.index, line.start)


def _grouped(lines: Sequence[_Line]) -> list[_Line]:
    """Put sentences of one passage together in its order; passages by their best sentence."""
    place = {line.index: n for n, line in reversed(list(enumerate(lines)))}
    return sorted(lines, key=lambda line: (place[line.index], line.start))


def _claim(ranked: Ranked, line: _Line) -> Claim:
    passage = ranked.candidate.passage
    quote = passage.text[line.start - passage.span.start : line.end - passage.span.start]
    support = Support(index=line.index, start=line.start, end=line.end, quote=quote)
    return Claim(text=" ".join(quote.split()), supports=(support,))
