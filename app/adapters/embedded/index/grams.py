"""Which words of a vocabulary are spelled like a word: the fuzzy leg's notion of nearness.

Nearness is that of `app.core.nearness`, computed for a whole vocabulary at once. Trigrams are of
bytes and told apart by 16-bit hashes, so it may be off a little, seldom enough not to matter.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from app.adapters.embedded.index.words import Letters

Hashes: TypeAlias = npt.NDArray[np.uint16]
Ints: TypeAlias = npt.NDArray[np.int64]
Near: TypeAlias = tuple[Ints, npt.NDArray[np.float64]]

LIKE = 0.3  # nearness from which a word counts as like another
NEIGHBOURS = 16

_MULTIPLIER = np.uint32(0x9E3779B1)
_CACHED = 50_000  # words
_SEEN = 5_000  # words whose neighbours are remembered, of each vocabulary: some 2 MB


@dataclass(frozen=True, slots=True)
class Grams:
    """The trigrams of a vocabulary, sorted by hash; `words` are positions in the vocabulary."""

    hashes: Hashes
    words: npt.NDArray[np.int32]
    root: npt.NDArray[np.float32]  # of each word's number of grams, itself counting as one more
    _seen: dict[str, Near] = field(default_factory=dict)

    @property
    def size_bytes(self) -> int:
        """Return what the arrays take."""
        return self.hashes.nbytes + self.words.nbytes + self.root.nbytes

    def near(self, word: str) -> Near:
        """Return the words of nearness >= LIKE, nearest first, NEIGHBOURS at most, and how near.

        The word itself is among them, if it is there, as slightly less than 1.0.
        """
        found = self._seen.get(word)
        if found is None:
            if len(self._seen) >= _SEEN:
                self._seen.clear()
            found = self._seen[word] = self._near(word)
        return found

    def _near(self, word: str) -> Near:
        wanted, root = _grams_of(word)
        low = np.searchsorted(self.hashes, wanted, "left")
        high = np.searchsorted(self.hashes, wanted, "right")
        parts = [self.words[a:b] for a, b in zip(low.tolist(), high.tolist(), strict=True) if b > a]
        if not parts:
            return np.empty(0, np.int64), np.empty(0, np.float64)
        shared = np.bincount(np.concatenate(parts), minlength=len(self.root))
        some = np.flatnonzero(shared >= _least_shared(root))
        nearness = shared[some] / (root * self.root[some])
        kept = np.flatnonzero(nearness >= LIKE)
        best = kept[np.argsort(-nearness[kept], kind="stable")[:NEIGHBOURS]]
        return some[best], np.minimum(nearness[best], 1.0).astype(np.float64)


def build(vocabulary: Letters) -> Grams:
    """Cut a vocabulary into grams."""
    hashes, words = _cut(vocabulary)
    root = np.sqrt(np.bincount(words, minlength=len(vocabulary.sizes)) + 1)
    return arranged(hashes, words, root.astype(np.float32))


def arranged(hashes: Hashes, words: Ints, root: npt.NDArray[np.float32]) -> Grams:
    """Return grams in the order of their hashes."""
    order = np.argsort(hashes, kind="stable")  # a radix sort for 16 bits
    return Grams(hashes[order], words[order].astype(np.int32), root)


def join(parts: Sequence[tuple[Grams, Ints]], size: int) -> Grams:
    """Return the grams of a vocabulary of `size` words that was joined from others.

    With each comes the new number of its words, -1 for those that go or come from another part.
    """
    root = np.ones(size, np.float32)
    hashes, words = [], []
    for grams, number in parts:
        taken = number >= 0
        root[number[taken]] = grams.root[taken]
        now = number[grams.words]
        hashes.append(grams.hashes[now >= 0])
        words.append(now[now >= 0])
    return arranged(np.concatenate(hashes), np.concatenate(words), root)


def _least_shared(root: float) -> int:
    """Return how many grams a word shares at least with one that it is like.

    A word that shares n grams has n itself, at least, which bounds how near it can be.
    """
    shared = 1
    while shared < LIKE * root * math.sqrt(shared + 1):
        shared += 1
    return shared


@lru_cache(_CACHED)
def _grams_of(word: str) -> tuple[Hashes, float]:
    hashes, _ = _cut(Letters.of([word]))
    return np.unique(hashes), float(np.sqrt(len(hashes) + 1))


def _cut(words: Letters) -> tuple[Hashes, Ints]:
    """Return all trigrams, and the number of the word that each is of."""
    sizes = words.sizes.astype(np.int64) + 2  # with a mark at each end
    begins = np.cumsum(sizes) - sizes
    owner = np.repeat(np.arange(len(sizes)), sizes)
    text = np.empty(len(owner), np.uint32)
    inner = np.ones(len(owner), bool)
    inner[begins] = inner[begins + sizes - 1] = False
    text[begins], text[begins + sizes - 1], text[inner] = ord("<"), ord(">"), words.letters
    is_digit = (words.letters >= ord("0")) & (words.letters <= ord("9"))
    digits = np.bincount(owner[inner], is_digit, len(sizes))
    whole = np.ones(len(owner), bool)  # where a trigram of one word begins
    whole[begins + sizes - 1] = whole[begins + sizes - 2] = False
    starts = np.flatnonzero(whole & (digits == 0)[owner])
    value = np.zeros(len(starts), np.uint32)
    for offset in range(3):
        value = (value ^ text[starts + offset]) * _MULTIPLIER
        value ^= value >> np.uint32(15)
    return (value >> np.uint32(16)).astype(np.uint16), owner[starts]
