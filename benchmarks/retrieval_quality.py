"""How good results are: ranking, answers, refusals, citations."""

import hashlib
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from retrieval_sets import Collection, Question
from retrieval_systems import DEPTH, Search, Space

from app.adapters.embedded.index import SnowballAnalyzer
from app.core.answering import Answered, Asking, Composing, ExtractiveComposer, answer
from app.core.filters import AllOf, Condition, Filter, Op
from app.core.models import Answer, Band

CANDIDATES = 50
FOREIGN = 60  # questions of another collection that are asked of this one
GONE = 300  # questions that are asked again with what answers them hidden


@dataclass(slots=True)
class Ranking:
    """What one system did with a collection's answerable questions."""

    system: str
    ndcg10: float
    recall100: float
    per_second: float


async def ranking(system: str, collection: Collection, search: Search) -> Ranking:
    gains, recalls = [], []
    for question in collection.answerable:
        order = await search(question.text)
        relevant = collection.relevant[question.id]
        ideal = sum(1 / math.log2(n + 2) for n in range(min(10, len(relevant))))
        hits = (1 / math.log2(n + 2) for n, one in enumerate(order[:10]) if one in relevant)
        gains.append(sum(hits) / ideal)
        recalls.append(len(relevant & set(order[:DEPTH])) / len(relevant))
    began = time.perf_counter()
    for question in collection.answerable:
        await search(question.text)
    spent = time.perf_counter() - began
    return Ranking(
        system, float(np.mean(gains)), float(np.mean(recalls)), len(gains) / max(spent, 1e-9)
    )


@dataclass(slots=True)
class Answers:
    """What was answered. Shares are None where a collection cannot tell."""

    answered: float  # of the answerable questions, in the highest band
    contained: float | None  # of those answered: the expected words are in the answer
    contained_first: float | None  # … in its first sentence
    cited_gold: float  # of those answered: a right document is cited
    gone_answered: float  # … answered although what answers them was hidden
    foreign_answered: float  # … questions of another collection
    unanswerable_answered: float | None
    refusal_precision: float | None  # of the refusals: right
    refusal_recall: float | None  # of the unanswerable: refused
    sentences: float
    citations: int
    exact_citations: int
    per_second: float
    p95_ms: float


@dataclass(slots=True)
class _Asker:
    space: Space
    composer: ExtractiveComposer = field(
        default_factory=lambda: ExtractiveComposer(SnowballAnalyzer())
    )
    citations: int = 0
    exact: int = 0
    wall: list[float] = field(default_factory=list)

    async def ask(self, question: str, where: Filter | None = None) -> Answer:
        began = time.perf_counter()
        found = await self.space.found(question, CANDIDATES, where)
        asking = Asking(
            question=question,
            found=[found],
            composing=Composing(self.composer),
            reader=self.space.stored,
            language=self.space.collection.language,
        )
        answered = await answer(asking)
        self.wall.append(time.perf_counter() - began)
        self._verify(answered)
        return answered.answer

    def _verify(self, answered: Answered) -> None:
        """Look each citation up in the documents, without the code that made it."""
        for citation in answered.answer.citations:
            document = self.space.collection.documents[int(citation.document_id[4:])]["text"]
            cut = document.encode()[citation.byte_start : citation.byte_end].decode()
            same = document[citation.start : citation.end] == cut == citation.quote
            digest = hashlib.sha256(cut.encode()).hexdigest()
            self.citations += 1
            self.exact += same and digest == citation.quote_sha256


def _plain(text: str) -> str:
    return " ".join(text.lower().split())


def _share(flags: Sequence[bool]) -> float | None:
    return float(np.mean(flags)) if flags else None


async def answers(space: Space, foreign: Collection) -> Answers:
    asker, collection = _Asker(space), space.collection
    made = {q.id: await asker.ask(q.text) for q in collection.questions}
    speed = list(asker.wall)
    gone = [
        (await asker.ask(q.text, _without(collection, q))).band is Band.ANSWER
        for q in collection.answerable[:GONE]
    ]
    strange = [(await asker.ask(q.text)).band is Band.ANSWER for q in foreign.answerable[:FOREIGN]]
    good = [q for q in collection.answerable if made[q.id].band is Band.ANSWER]
    telling = [q for q in good if q.answers]
    wrong = [q for q in collection.questions if q.kind in {"absent", "off-topic"}]
    refused = [q for q in collection.questions if made[q.id].band is not Band.ANSWER]
    return Answers(
        answered=len(good) / len(collection.answerable),
        contained=_share([_holds(made[q.id], q, 99) for q in telling]),
        contained_first=_share([_holds(made[q.id], q, 1) for q in telling]),
        cited_gold=_share([_cites_gold(made[q.id], q, collection) for q in good]) or 0.0,
        gone_answered=float(np.mean(gone)),
        foreign_answered=float(np.mean(strange)),
        unanswerable_answered=_share([made[q.id].band is Band.ANSWER for q in wrong]),
        refusal_precision=_share([q in wrong for q in refused]) if wrong else None,
        refusal_recall=_share([q in refused for q in wrong]),
        sentences=float(np.mean([len(made[q.id].sentences) for q in good] or [0])),
        citations=asker.citations,
        exact_citations=asker.exact,
        per_second=len(speed) / sum(speed),
        p95_ms=float(np.percentile(speed, 95) * 1000),
    )


def _without(collection: Collection, question: Question) -> Filter:
    relevant = sorted(collection.relevant[question.id])
    return AllOf(tuple(Condition("id", Op.NE, document) for document in relevant))


def _holds(made: Answer, question: Question, sentences: int) -> bool:
    said = _plain(" ".join(sentence.text for sentence in made.sentences[:sentences]))
    return any(_plain(expected) in said for expected in question.answers)


def _cites_gold(made: Answer, question: Question, collection: Collection) -> bool:
    cited = {collection.documents[int(c.document_id[4:])]["id"] for c in made.citations}
    return bool(cited & collection.relevant[question.id])
