"""The passages of one space that are seen, in memory, and how they are searched.

A row a passage: its vector and its length in arrays that grow by doubling, its terms in postings.
Rows of what is gone stay until there are too many of them. Nothing here waits, so whoever searches
sees each document as one generation.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from app.adapters.azure.cosmos import passages
from app.adapters.azure.cosmos.container import Item
from app.adapters.azure.cosmos.scoring import Asked, Proposed, Wanted, best, often, saturated
from app.adapters.azure.cosmos.shelves.postings import Held, Postings, Rows
from app.core.filters import Attributes, Filter, matches
from app.core.models import Passage
from app.core.ports import Found

Bools = npt.NDArray[np.bool_]
Vector = Sequence[float]
_FIRST = 64  # rows that there is room for at first
_MOST_GONE = 1_000  # rows of what is gone, and at most as many as there are others
_MASKS_KEPT = 16
_BLOCK = 1 << 17  # numbers of a product; of more BLAS makes threads, which spin on a busy machine
PASSAGE_BYTES = 900  # its objects, besides text, vector and postings


@dataclass(frozen=True, slots=True)
class Kept:
    """A document that is seen: which of it, what it is filtered by, and its rows."""

    generation: str
    title: str
    attributes: Attributes
    rows: slice


class Shelf:
    """A space's passages as they were at a change: its `life` and number are the stamp's."""

    def __init__(
        self, space_id: str, stamp: Item, dimensions: int, terms: Callable[[str], list[str]]
    ) -> None:
        self.life: str = stamp["life"]
        self.seq: int = stamp["seq"]
        self._space_id = space_id
        self._terms = terms
        self._documents: dict[str, Kept] = {}
        self._passages: list[Passage | None] = []
        self._postings = Postings()
        self._vectors = np.zeros((_FIRST, dimensions), np.float32)
        self._lengths = np.zeros(_FIRST, np.int32)
        self._seen = np.zeros(_FIRST, bool)
        self._texts = 0  # bytes
        self._masks: dict[Filter, Bools] = {}

    @property
    def size_bytes(self) -> int:
        """Return about what it takes in memory."""
        arrays = self._vectors.nbytes + self._lengths.nbytes + self._seen.nbytes
        objects = PASSAGE_BYTES * len(self._passages) + self._texts
        return arrays + objects + self._postings.size_bytes

    def has(self, head: Item) -> bool:
        """Tell whether the passages that a head names are here, under its title."""
        kept = self._documents.get(head["document_id"])
        return kept is not None and (kept.generation, kept.title) == (head["active"], head["title"])

    def describe(self, head: Item) -> None:
        """Replace what a document is filtered by that is here."""
        kept = self._documents[head["document_id"]]
        attributes = passages.attributes_of(head)
        self._documents[head["document_id"]] = replace(kept, attributes=attributes)
        self._masks.clear()

    def put(self, head: Item, found: Sequence[Item]) -> None:
        """Show these passages, in place of others of the document."""
        self.take(head["document_id"])
        first = len(self._passages)
        self._make_room(first + len(found))
        heading = self._terms(head["title"])
        for row, item in enumerate(found, first):
            words = heading + item["words"].split()
            self._vectors[row] = item["embedding"]
            self._lengths[row] = len(words)
            self._postings.add(row, words)
            self._passages.append(passages.passage(item, head))
            self._texts += len(item["text"])
        rows = slice(first, first + len(found))
        self._seen[rows] = True
        self._documents[head["document_id"]] = Kept(
            head["active"], head["title"], passages.attributes_of(head), rows
        )

    def take(self, document_id: str) -> None:
        """Show a document no more, if it is here."""
        self._masks.clear()
        kept = self._documents.pop(document_id, None)
        if kept is not None:
            self._seen[kept.rows] = False
            self._passages[kept.rows] = [None] * (kept.rows.stop - kept.rows.start)
            gone = len(self._passages) - int(self._seen.sum())
            if gone > max(_MOST_GONE, len(self._passages) // 2):
                self._close_up()

    def search(self, wanted: Wanted, vector: Vector | None) -> Found:
        """Return what is found; without a vector by words only."""
        began = time.perf_counter()
        rows = len(self._passages)
        seen = self._seen[:rows]
        asks = often(wanted.terms)
        total = int(seen.sum())
        held = {term: self._postings.held(term, None if total == rows else seen) for term in asks}
        holding = {term: len(one.rows) for term, one in held.items()}
        asked = Asked(asks, holding, total)
        passing = seen if wanted.where is None else self._passing(wanted.where)
        many = int(passing.sum())
        if not many or not asks:
            return Found(terms=asked.weights, candidates=(), passages_searched=many)
        similar = None if vector is None else _cosines(self._vectors[:rows], vector)
        legs = [_best_rows(self._lexical(asked, held), passing, wanted.rows, above=0.0)]
        if similar is not None:
            legs.append(_best_rows(similar, passing, wanted.rows, above=-np.inf))
        proposed = np.unique(np.concatenate(legs)).astype(np.int32)
        return Found(
            terms=asked.weights,
            candidates=best(asked, self._proposed(proposed, held, similar), wanted),
            passages_searched=many,
            near=None if vector is None else wanted.near,
            stages_ms={"search": round((time.perf_counter() - began) * 1000, 3)},
        )

    def _lexical(self, asked: Asked, held: dict[str, Held]) -> npt.NDArray[np.float64]:
        """Return BM25 of every row by the terms that passages are proposed by."""
        rows = len(self._passages)
        scores = np.zeros(rows)
        average = float(self._lengths[:rows][self._seen[:rows]].mean())
        for term, worth in zip(asked.rarest, asked.worth(asked.rarest).tolist(), strict=True):
            one = held[term]
            scores[one.rows] += worth * saturated(one.often, self._lengths[one.rows], average)
        return scores

    def _proposed(
        self, rows: Rows, held: dict[str, Held], similar: npt.NDArray[np.float32] | None
    ) -> Proposed:
        found = [self._passages[row] for row in rows.tolist()]
        return Proposed(
            space_id=self._space_id,
            passages=[one for one in found if one is not None],
            held=np.array([one.among(rows) for one in held.values()], np.int32),
            lengths=self._lengths[rows],
            similarity=np.zeros(len(rows)) if similar is None else similar[rows].astype(np.float64),
        )

    def _passing(self, where: Filter) -> Bools:
        """Return which rows are seen and pass a filter."""
        if (kept := self._masks.get(where)) is not None:
            return kept
        passing = np.zeros(len(self._passages), bool)
        for document in self._documents.values():
            if matches(where, document.attributes):
                passing[document.rows] = True
        if len(self._masks) >= _MASKS_KEPT:
            self._masks.clear()
        self._masks[where] = passing
        return passing

    def _make_room(self, rows: int) -> None:
        room = len(self._seen)
        while room < rows:
            room *= 2
        if room > len(self._seen):
            self._vectors = _grown(self._vectors, room)
            self._lengths = _grown(self._lengths, room)
            self._seen = _grown(self._seen, room)

    def _close_up(self) -> None:
        """Let the rows that are seen move up to where none is."""
        here = np.flatnonzero(self._seen)
        places = np.full(len(self._passages), -1, np.int32)
        places[here] = np.arange(len(here), dtype=np.int32)
        room = max(_FIRST, len(here))
        self._vectors = _grown(self._vectors[here], room)
        self._lengths = _grown(self._lengths[here], room)
        self._seen = _grown(self._seen[here], room)
        self._passages = [one for one in self._passages if one is not None]
        self._texts = sum(len(one.text) for one in self._passages if one is not None)
        self._postings = self._postings.moved(places)
        for id_, kept in self._documents.items():
            many = kept.rows.stop - kept.rows.start
            first = int(places[kept.rows.start]) if many else 0
            self._documents[id_] = replace(kept, rows=slice(first, first + many))


def _cosines(vectors: npt.NDArray[np.float32], vector: Vector) -> npt.NDArray[np.float32]:
    """Return each row's product with a vector; all have length 1."""
    found, given = np.empty(len(vectors), np.float32), np.array(vector, np.float32)
    step = max(1, _BLOCK // len(given))
    for start in range(0, len(vectors), step):
        np.dot(vectors[start : start + step], given, out=found[start : start + step])
    return found


def _grown(old: npt.NDArray[Any], room: int) -> npt.NDArray[Any]:
    grown = np.zeros((room, *old.shape[1:]), old.dtype)
    grown[: len(old)] = old
    return grown


def _best_rows(scores: npt.NDArray[Any], passing: Bools, most: int, *, above: float) -> Rows:
    """Return the rows of the highest scores that pass, at most so many."""
    rows = np.flatnonzero(passing & (scores > above))
    if len(rows) > most:
        rows = rows[np.argpartition(-scores[rows], most)[:most]]
    return rows.astype(np.int32)
