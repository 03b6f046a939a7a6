"""Full text as this peer reads it: words in lower case, BM25. The service's own words differ.

The service stems English and drops stop words; the application sends stems of its own, and this
peer takes each text apart at what is no letter or digit.
"""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

_WORD = re.compile(r"[^\W_]+")
_K1, _B = 1.2, 0.75


def words(text: object) -> tuple[str, ...]:
    return _cut(text) if isinstance(text, str) else ()


@lru_cache(50_000)
def _cut(text: str) -> tuple[str, ...]:
    return tuple(_WORD.findall(text.lower()))


@dataclass(frozen=True)
class Statistics:
    """What a score rests on: how many documents, their words, and how many hold each term."""

    documents: int
    words: int
    hits: tuple[int, ...]


def count(texts: Sequence[object], terms: Sequence[str]) -> Statistics:
    cut = [words(text) for text in texts]
    hits = tuple(sum(term.lower() in found for found in cut) for term in terms)
    return Statistics(len(cut), sum(map(len, cut)), hits)


def score(text: object, terms: Sequence[str], known: Statistics) -> float:
    found = words(text)
    average = known.words / known.documents if known.documents else 1.0
    length = _K1 * (1 - _B + _B * len(found) / (average or 1.0))
    total = 0.0
    for term, holding in zip(terms, known.hits, strict=True):
        often = found.count(term.lower())
        rarity = math.log(1 + (known.documents - holding + 0.5) / (holding + 0.5))
        total += rarity * often * (_K1 + 1) / (often + length)
    return total
