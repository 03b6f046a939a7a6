"""Words as numbers and as bytes: what lets a vocabulary be handled without Python objects."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Hashes: TypeAlias = npt.NDArray[np.uint64]
Ints: TypeAlias = npt.NDArray[np.int64]
_CACHED = 50_000


@dataclass(frozen=True, slots=True)
class Letters:
    """Words one after the other in UTF-8, and how many bytes each has (at most 255)."""

    letters: npt.NDArray[np.uint8]
    sizes: npt.NDArray[np.uint8]

    @classmethod
    def of(cls, words: Sequence[str]) -> "Letters":
        """Return words as bytes; each has at least one."""
        encoded = [word.encode() for word in words]
        sizes = np.fromiter(map(len, encoded), np.uint8, len(encoded))
        return cls(np.frombuffer(b"".join(encoded), np.uint8), sizes)

    def some(self, places: Ints) -> "Letters":
        """Return the words at these places, in that order."""
        begins = np.cumsum(self.sizes, dtype=np.int64) - self.sizes
        sizes = self.sizes[places]
        return Letters(self.letters[runs(begins[places], sizes)], sizes)


def runs(begins: Ints, counts: npt.NDArray[np.integer]) -> Ints:
    """Return `begin, begin + 1, …` for each begin in turn, so many numbers as counted."""
    ends = np.cumsum(counts, dtype=np.int64)
    return np.repeat(begins - ends + counts, counts) + np.arange(ends[-1] if len(ends) else 0)


@lru_cache(_CACHED)
def hash_of(word: str) -> int:
    """Return 64 bits that stand for a word, the same in every process.

    That two of a million words share them has a chance of one in 10^7.
    """
    return int.from_bytes(blake2b(word.encode(), digest_size=8).digest(), "little")


def hashes_of(words: Sequence[str]) -> Hashes:
    """Return the hashes of words."""
    return np.array([hash_of(word) for word in words], np.uint64)
