"""From what search found to a checked answer, in one flow: rank, judge, compose, verify.

How far the sources carry is measured by coverage: the share of the question's weight (rare terms
weigh more) that the best passages hold. No single threshold is honest for every collection, hence
three bands, and the number is shown. Passages that share few words with a question but are near it
by meaning, as those in another language are, are for a composer that can read to judge.
"""

import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import TypeAlias

from app.core.citations import Checked, Citations, Reader
from app.core.composing import Composing
from app.core.extractive import ExtractiveComposer, whole
from app.core.language import detect
from app.core.models import Answer, Band, Citation, Explained, Sentence
from app.core.ports import Found, Material, Ranked
from app.core.ranking import FUSION_WEIGHT, distinct, fuse, is_near, merge

__all__ = [
    "Answered",
    "Asking",
    "Composing",
    "Event",
    "ExtractiveComposer",
    "PassagesFound",
    "Policy",
    "Reader",
    "SentenceReady",
    "answer",
    "stream",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """When the sources answer a question, and when they are merely near it."""

    answer_coverage: float = 0.5  # at least: an answer
    closest_coverage: float = 0.25  # at least: the closest passages; below: nothing
    judged: int = 5  # best passages whose highest coverage is the answer's
    closest: int = 3  # passages shown where there is no answer
    explained: int = 20  # best candidates that are told of
    fusion_weight: float = FUSION_WEIGHT


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """A question, what each of its spaces found, and the means to answer it."""

    question: str
    found: Sequence[Found]
    composing: Composing
    reader: Reader
    language: str | None = None  # None: the question's own
    top_k: int = 5
    policy: Policy = field(default_factory=Policy)


@dataclass(frozen=True, slots=True)
class PassagesFound:
    """The answer will be made from this many passages."""

    count: int


@dataclass(frozen=True, slots=True)
class SentenceReady:
    """A sentence that was checked, and the citations that it is the first to use."""

    sentence: Sentence
    new_citations: tuple[Citation, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """The whole answer, how each candidate fared, and how long the stages took (ms)."""

    answer: Answer
    found: Found
    explained: tuple[Explained, ...]
    stages_ms: Mapping[str, float]


Event: TypeAlias = PassagesFound | SentenceReady | Answered


async def answer(asking: Asking) -> Answered:
    """Return the checked answer."""
    async for event in stream(asking):
        if isinstance(event, Answered):
            return event
    raise AssertionError("a stream ends with what was answered")


async def stream(asking: Asking) -> AsyncIterator[Event]:
    """Yield PassagesFound, each sentence as soon as it is checked, and at last Answered."""
    clock = _Clock()
    found = merge(asking.found)
    ranked = fuse(found, asking.policy.fusion_weight)
    material = _material(asking, found, ranked)
    judged = material.ranked[: asking.policy.judged]
    coverage = max((r.coverage for r in judged), default=0.0)
    band = _band(asking.policy, coverage, near=any(is_near(found, r.candidate) for r in judged))
    clock.lap("fuse")
    yield PassagesFound(len(material.ranked) if band is not Band.NOTHING else 0)
    citations = Citations(material.ranked, asking.reader)
    composing = asking.composing
    sentences: list[Sentence] = []
    if band is Band.ANSWER:
        async for checked in _composed(composing, material, citations):
            sentences.append(checked.sentence)
            yield SentenceReady(checked.sentence, checked.fresh)
        if not any(sentence.supported for sentence in sentences):
            band = Band.CLOSEST
    if band is Band.CLOSEST:
        await _cite_closest(asking, material, citations)
    clock.lap("compose")
    made = Answer(
        band=band,
        language=material.language,
        sentences=tuple(sentences),
        citations=tuple(citations.found),
        coverage=round(coverage, 4),
        degraded=composing.degraded or found.words_alone,
        composer=composing.name,
        dropped_citations=citations.dropped,
        usage=composing.usage(len(material.ranked)),
    )
    yield Answered(
        answer=made,
        found=found,
        explained=tuple(_explained(ranked[: asking.policy.explained], made.citations)),
        stages_ms={**found.stages_ms, **clock.stages_ms},
    )


def _material(asking: Asking, found: Found, ranked: Sequence[Ranked]) -> Material:
    """Take the best passages: in the language asked for if they carry an answer, else any."""
    language = asking.language or detect(asking.question)
    best, same = list[Ranked](), list[Ranked]()
    enough = asking.policy.answer_coverage
    for one in distinct(ranked):
        best.append(one)
        if one.candidate.passage.language == language:
            same.append(one)
        if len(same) == asking.top_k:
            break
    carried = any(r.coverage >= enough for r in same[: asking.policy.judged])
    taken = tuple(same if carried else best[: asking.top_k])
    return Material(
        question=asking.question,
        language=language,
        found=found,
        ranked=taken,
        answer_language_only=carried,
        by_words=any(r.coverage >= enough for r in taken[: asking.policy.judged]),
    )


def _band(policy: Policy, coverage: float, *, near: bool) -> Band:
    if near or coverage >= policy.answer_coverage:
        return Band.ANSWER
    return Band.CLOSEST if coverage >= policy.closest_coverage else Band.NOTHING


async def _composed(
    composing: Composing, material: Material, citations: Citations
) -> AsyncIterator[Checked]:
    """Yield the composer's sentences that hold; none twice."""
    said: set[str] = set()
    at_once = composing.name == ExtractiveComposer.NAME
    async with nullcontext() if at_once else citations.reading_ahead():
        async for claim in composing.claims(material):
            checked = await citations.check(claim)
            if checked is not None and checked.sentence.text not in said:
                said.add(checked.sentence.text)
                yield checked


async def _cite_closest(asking: Asking, material: Material, citations: Citations) -> None:
    """Cite what comes closest, without claiming that it answers."""
    for index in range(min(asking.policy.closest, len(material.ranked))):
        await citations.check(whole(material.ranked, index))


def _explained(ranked: Sequence[Ranked], citations: Sequence[Citation]) -> Iterator[Explained]:
    used: dict[tuple[str, str, int], list[tuple[int, int]]] = {}
    for c in citations:
        used.setdefault((c.space_id, c.document_id, c.version), []).append((c.start, c.end))
    for one in ranked:
        candidate, passage = one.candidate, one.candidate.passage
        home = (candidate.space_id, passage.document_id, passage.version)
        yield Explained(
            document_id=passage.document_id,
            version=passage.version,
            ordinal=passage.span.ordinal,
            title=passage.title,
            page=passage.span.page,
            lexical=candidate.lexical,
            similarity=candidate.similarity,
            fused=one.score,
            coverage=one.coverage,
            used=home in used
            and any(
                passage.span.start <= start and end <= passage.span.end for start, end in used[home]
            ),
        )


class _Clock:
    """Stage times in milliseconds; what a consumer of the stream does meanwhile counts too."""

    def __init__(self) -> None:
        self._last = time.perf_counter()
        self.stages_ms: dict[str, float] = {}

    def lap(self, stage: str) -> None:
        now = time.perf_counter()
        self.stages_ms[stage] = round((now - self._last) * 1000, 3)
        self._last = now
