"""Which words of a vocabulary are spelled like a word: the fuzzy leg's notion of nearness.

Nearness is that of `app.core.nearness`, computed for a whole vocabulary at once. Grams are told
apart by 16-bit hashes of bytes, so it may be off a little, seldom enough not to matter.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from app.core.nearness import SIZES

Hashes: TypeAlias = npt.NDArray[np.uint16]
Floats: TypeAlias = npt.NDArray[np.float32]
Ints: TypeAlias = npt.NDArray[np.int64]
Near: TypeAlias = tuple[Ints, npt.NDArray[np.float64]]

LIKE = 0.3  # nearness from which a word counts as like another
NEIGHBOURS = 16

_MULTIPLIER = np.uint32(0x9E3779B1)
_CACHED = 50_000  # words
_SEEN = 2_000  # words whose neighbours are remembered, of each vocabulary


@dataclass(frozen=True, slots=True)
class Grams:
    """The grams of a vocabulary, sorted by hash; word numbers are positions in it."""

    hashes: Hashes
    words: npt.NDArray[np.int32]
    root: Floats  # square root of each word's number of grams, the whole word included
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
        # With n shared grams a word has n of its own at least, which bounds how near it can be.
        enough = (LIKE * root) ** 2
        some = np.flatnonzero(shared >= max(1, math.ceil(enough)))
        nearness = shared[some] / (root * self.root[some])
        kept = np.flatnonzero(nearness >= LIKE)
        best = kept[np.argsort(-nearness[kept], kind="stable")[:NEIGHBOURS]]
        return some[best], np.minimum(nearness[best], 1.0).astype(np.float64)


def build(vocabulary: Sequence[str]) -> Grams:
    """Cut a vocabulary into grams."""
    hashes, words, counts = _cut(vocabulary)
    order = np.argsort(hashes, kind="stable")  # a radix sort for 16 bits
    root = np.sqrt(counts + 1).astype(np.float32)
    return Grams(hashes[order], words[order].astype(np.int32), root)


@lru_cache(_CACHED)
def _grams_of(word: str) -> tuple[Hashes, float]:
    hashes, _, counts = _cut([word])
    return np.unique(hashes), float(np.sqrt(counts[0] + 1))


def _cut(words: Sequence[str]) -> tuple[Hashes, Ints, Ints]:
    """Return all grams, the number of the word of each, and how many each word has."""
    marked = [
        b"" if any(c.isdigit() for c in word) else b"<" + word.encode() + b">" for word in words
    ]
    lengths = np.fromiter(map(len, marked), np.int64, len(marked))
    letters = np.frombuffer(b"".join(marked), np.uint8).astype(np.uint32)
    owner = np.repeat(np.arange(len(marked)), lengths)
    left = np.repeat(np.cumsum(lengths), lengths) - np.arange(len(letters))  # to the word's end
    hashes, owners = [], []
    for size in SIZES:
        starts = np.flatnonzero(left >= size)
        value = np.full(len(starts), size, np.uint32)
        for offset in range(size):
            value = (value ^ letters[starts + offset]) * _MULTIPLIER
            value ^= value >> np.uint32(15)
        hashes.append((value >> np.uint32(16)).astype(np.uint16))
        owners.append(owner[starts])
    words_of = np.concatenate(owners)
    return np.concatenate(hashes), words_of, np.bincount(words_of, minlength=len(marked))
