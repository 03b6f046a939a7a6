"""Small indexes in memory, and what an obvious program finds in them."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from app.adapters.embedded.index.analyzer import SnowballAnalyzer
from app.adapters.embedded.index.postings import analyse, decode
from app.adapters.embedded.index.scoring import K1, B, Scored
from app.adapters.embedded.index.segment import TITLE_WEIGHT, Source
from app.adapters.embedded.index.snapshot import Entry, Snapshot
from app.core.nearness import nearness

TERMS = SnowballAnalyzer().terms
LIKE = 0.3
Address = tuple[int, int]  # a version's key and a passage's ordinal


@dataclass(frozen=True)
class Version:
    key: int
    texts: tuple[str, ...]
    title: str = ""

    def source(self) -> Source:
        blob = analyse(self.texts, [""] * len(self.texts))
        return Source(self.key, decode(blob), TERMS(self.title))

    def entry(self) -> Entry:
        return Entry(self.key, f"doc_{self.key}", 1, self.title, "en", b'{"key": %d}' % self.key)


def indexed(*batches: Sequence[Version], compact: bool = False) -> Snapshot:
    """A snapshot that came to be by adding batch after batch."""
    made = Snapshot()
    for number, batch in enumerate(batches, 1):
        entries = [version.entry() for version in batch]
        made = made.changed(number, [], entries, [version.source() for version in batch])
        if compact and made.surplus() < len(made.parts):
            start = made.surplus()
            made = made.with_joined(made, start, made.joined(start))
    return made


def found(scored: Scored) -> dict[Address, tuple[float, float, frozenset[int]]]:
    """The hits by address: lexical score, similarity, matched terms."""
    return {(h.key, h.ordinal): (h.lexical, h.similarity, h.matched) for h in scored.hits}


def counted(version: Version) -> list[Counter[str]]:
    """How often each passage has each term, the title's terms included."""
    title = Counter(TERMS(version.title))
    both = []
    for text in version.texts:
        counts = Counter(TERMS(text))
        for term, times in title.items():
            counts[term] += TITLE_WEIGHT * times
        both.append(counts)
    return both


def bm25(versions: Sequence[Version], question: Sequence[str]) -> dict[Address, float]:
    """BM25 by the book, for every passage."""
    passages = {(v.key, n): counts for v in versions for n, counts in enumerate(counted(v))}
    lengths = {
        (v.key, n): len(TERMS(text)) + len(TERMS(v.title))
        for v in versions
        for n, text in enumerate(v.texts)
    }
    average = sum(lengths.values()) / max(len(lengths), 1) or 1.0
    holding = Counter(term for counts in passages.values() for term in counts)
    scores = dict.fromkeys(passages, 0.0)
    for address, counts in passages.items():
        for term in question:
            idf = math.log(1 + (len(passages) - holding[term] + 0.5) / (holding[term] + 0.5))
            saturation = K1 * (1 - B + B * lengths[address] / average)
            scores[address] += idf * counts[term] * (K1 + 1) / (counts[term] + saturation)
    return scores


def soft_cosine(versions: Sequence[Version], question: Sequence[str]) -> dict[Address, float]:
    """The similarity by the book, for every passage."""
    passages = {(v.key, n): counts for v in versions for n, counts in enumerate(counted(v))}
    holding = Counter(term for counts in passages.values() for term in counts)
    total = len(passages)
    asked = {
        term: (1 + math.log(times))
        * math.log(1 + (total - holding[term] + 0.5) / (holding[term] + 0.5))
        for term, times in Counter(question).items()
    }
    length = math.sqrt(sum(weight**2 for weight in asked.values())) or 1.0
    scores = {}
    for address, counts in passages.items():
        damped = {term: 1 + math.log(times) for term, times in counts.items()}
        product = sum(
            weight * worth * near
            for term, weight in asked.items()
            for other, worth in damped.items()
            if (near := nearness(term, other)) >= LIKE
        )
        norm = max(1.0, math.sqrt(sum(worth**2 for worth in damped.values())))
        scores[address] = min(1.0, product / (norm * length))
    return scores
