"""Which rows hold which terms: what grows by a passage without anything being built anew."""

from array import array
from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from app.adapters.azure.cosmos.scoring import Counts

Rows = npt.NDArray[np.int32]
_TERM_BYTES = 300  # a term's text, its array, its place among the others
_POSTING_BYTES = 8


class Held(NamedTuple):
    """The rows that hold a term, ascending, and how often each does."""

    rows: Rows
    often: Counts

    def among(self, rows: Rows) -> Counts:
        """Return how often each of these rows holds the term."""
        if not len(self.rows):
            return np.zeros(len(rows), np.int32)
        places = np.minimum(np.searchsorted(self.rows, rows), len(self.rows) - 1)
        found: Counts = np.where(self.rows[places] == rows, self.often[places], 0)
        return found


class Postings:
    """Rows by term; a row is added once, behind those that are there."""

    def __init__(self) -> None:
        self._pairs: dict[str, array[int]] = {}
        self._many = 0

    @property
    def size_bytes(self) -> int:
        """Return about what it takes in memory."""
        return _TERM_BYTES * len(self._pairs) + _POSTING_BYTES * self._many

    def add(self, row: int, words: Iterable[str]) -> None:
        """Add a row that holds these words."""
        for term, often in Counter(words).items():
            pairs = self._pairs.get(term)
            if pairs is None:
                pairs = self._pairs[term] = array("i")
            pairs.append(row)
            pairs.append(often)
            self._many += 1

    def held(self, term: str, seen: npt.NDArray[np.bool_] | None) -> Held:
        """Return the rows that hold a term, of those that are seen (None: all)."""
        pairs = np.array(self._pairs.get(term, ()), np.int32).reshape(-1, 2)
        if seen is not None:
            pairs = pairs[seen[pairs[:, 0]]]
        return Held(pairs[:, 0], pairs[:, 1])

    def moved(self, places: Rows) -> "Postings":
        """Return the same for rows that have moved, in the same order: `places` has -1 for gone."""
        moved = Postings()
        for term, old in self._pairs.items():
            pairs = np.array(old, np.int32).reshape(-1, 2)
            pairs[:, 0] = places[pairs[:, 0]]
            if len(kept := pairs[pairs[:, 0] >= 0]):
                moved._pairs[term] = array("i", kept.tobytes())
                moved._many += len(kept)
        return moved
