"""Rows of an index to be, and their order."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from app.adapters.embedded.index.words import Hashes

Ints: TypeAlias = npt.NDArray[np.int64]
Small: TypeAlias = npt.NDArray[np.int32]  # there are many rows: half the memory


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of a segment to be; within a term in the order of passages."""

    term: Small
    passage: Small
    occurrences: npt.NDArray[np.uint8]


def joined(parts: Sequence[Rows]) -> Rows:
    """Return the rows of all parts in turn."""
    return Rows(
        np.concatenate([part.term for part in parts]),
        np.concatenate([part.passage for part in parts]),
        np.concatenate([part.occurrences for part in parts]),
    )


def distinct(parts: Sequence[Hashes]) -> tuple[Hashes, Ints, Ints]:
    """Return the hashes that there are, ascending, where one of each is, and which each is."""
    hashes = np.concatenate(parts)
    order = stable_order(hashes)
    ascending = hashes[order]
    new = np.ones(len(hashes), bool)
    new[1:] = ascending[1:] != ascending[:-1]
    number = np.empty(len(hashes), np.int64)
    number[order] = np.cumsum(new) - 1
    return ascending[new], order[new], number


def stable_order(numbers: npt.NDArray[np.integer]) -> Ints:
    """Return what sorts numbers, equal ones in their order, by radix sorts of 16 bits each."""
    order = np.argsort(numbers.astype(np.uint16), kind="stable")
    high = int(numbers.max(initial=0)).bit_length()
    for shift in range(16, high, 16):
        digits = (numbers >> numbers.dtype.type(shift)).astype(np.uint16)
        order = order[np.argsort(digits[order], kind="stable")]
    return order
