"""How alike two words are spelled: the cosine of their sets of character trigrams.

Words carry marks for beginning and end, and count as one gram more themselves, so that only equal
words are 1.0: `nearness("pasport", "passport")` is 0.71. A word with a digit is near nothing but
itself: 2025 is not a misspelled 2026.
"""

import math
from functools import lru_cache

_CACHED = 50_000


def nearness(left: str, right: str) -> float:
    """Return how near two words are, 0..1."""
    if left == right:
        return 1.0
    ours, theirs = _grams(left), _grams(right)
    if ours.isdisjoint(theirs):  # most are: to look costs less than to intersect
        return 0.0
    return len(ours & theirs) / math.sqrt((len(ours) + 1) * (len(theirs) + 1))


@lru_cache(_CACHED)
def _grams(word: str) -> frozenset[str]:
    if any(character.isdigit() for character in word):
        return frozenset()
    marked = f"<{word}>"
    return frozenset(marked[start : start + 3] for start in range(len(marked) - 2))
