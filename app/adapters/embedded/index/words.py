"""Words as numbers and as bytes: what lets a vocabulary be handled without Python objects."""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Hashes: TypeAlias = npt.NDArray[np.uint64]
Ints: TypeAlias = npt.NDArray[np.int64]


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


# The factor of each byte of a word, by its place; odd, and the same in every process.
_LONGEST = 256
FACTORS: Hashes = np.array(
    [
        int.from_bytes(blake2b(bytes([place]), digest_size=8).digest(), "little") | 1
        for place in range(_LONGEST)
    ],
    np.uint64,
)
_MIX = np.uint64(0xBF58476D1CE4E5B9)


def hashes(words: Letters) -> Hashes:
    """Return 64 bits that stand for each word, the same in every process.

    A sum of products, so that the hashes of all words one slip away follow from one (see `slips`).
    That two of a million words share theirs has a chance of one in 10^5.
    """
    if not len(words.sizes):
        return np.empty(0, np.uint64)
    ends = np.cumsum(words.sizes, dtype=np.int64)
    begins = ends - words.sizes
    place = np.arange(len(words.letters)) - np.repeat(begins, words.sizes)
    return mixed(np.add.reduceat(products(words.letters, place), begins))


def products(letters: npt.NDArray[np.uint8], places: Ints) -> Hashes:
    """Return what each byte at its place adds to its word's sum."""
    found: Hashes = (letters.astype(np.uint64) + np.uint64(1)) * FACTORS[places]
    return found


def mixed(sums: Hashes) -> Hashes:
    """Return sums with every bit depending on all others."""
    folded = (sums ^ (sums >> np.uint64(31))) * _MIX
    return folded ^ (folded >> np.uint64(29))


def hashes_of(words: Sequence[str]) -> Hashes:
    """Return the hashes of words."""
    return hashes(Letters.of(words))
