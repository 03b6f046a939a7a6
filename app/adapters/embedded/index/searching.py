"""Searching an open space: score in memory, then fetch the best passages from the file."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from app.adapters.embedded.index import store
from app.adapters.embedded.index.meaning import Vectors
from app.adapters.embedded.index.scoring import Hit, score
from app.adapters.embedded.index.snapshot import Entry, Snapshot
from app.adapters.embedded.index.space import Space
from app.core.filters import Filter
from app.core.models import Passage
from app.core.ports import Candidate, Found

_TRIES = 5
_KEPT = 5_000  # passages that are kept with a snapshot, at most


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is searched for: the analysed question, how many passages, which documents.

    With the question's vector comes the cosine, if any, from which a passage is near it.
    """

    space_id: str
    terms: Sequence[str]
    limit: int
    where: Filter | None = None
    vector: Vectors | None = None
    near: float | None = None


def search(space: Space, wanted: Wanted) -> Found:
    """Return what is found of all that was committed before the call."""
    for _ in range(_TRIES):
        found = search_in(space, space.refresh(), wanted)
        if found is not None:
            return found
    return Found(terms=(), candidates=(), passages_searched=0)  # it changes all the time


def search_in(space: Space, snapshot: Snapshot, wanted: Wanted) -> Found | None:
    """Return what is found in a snapshot; None if some of it has gone from the file meanwhile."""
    began = time.perf_counter()
    masks = snapshot.masks(wanted.where)
    scored = score(snapshot, wanted.terms, masks, wanted.limit, wanted.vector)
    between = time.perf_counter()
    passages = _passages(space, snapshot, scored.hits)
    if passages is None:
        return None
    candidates = tuple(
        Candidate(
            passage=passage,
            space_id=wanted.space_id,
            lexical=hit.lexical,
            similarity=hit.similarity,
            matched=hit.matched,
        )
        for hit, passage in zip(scored.hits, passages, strict=True)
    )
    ended = time.perf_counter()
    return Found(
        terms=scored.terms,
        candidates=candidates,
        passages_searched=scored.searched,
        near=None if wanted.vector is None else wanted.near,
        stages_ms={
            "score": round((between - began) * 1000, 3),
            "fetch": round((ended - between) * 1000, 3),
        },
    )


def _passages(space: Space, snapshot: Snapshot, hits: Sequence[Hit]) -> list[Passage] | None:
    """Return the passages that were hit, kept with the snapshot; None if one has gone."""
    rows = {store.row(hit.key, hit.ordinal): hit.key for hit in hits}
    found = {row: passage for row in rows if (passage := snapshot.read.get(row)) is not None}
    if missing := [row for row in rows if row not in found]:
        stored = space.passages(missing)
        if len(stored) < len(missing):
            return None
        fresh = {row: _passage(snapshot.entries[rows[row]], stored[row]) for row in missing}
        if len(snapshot.read) + len(fresh) > _KEPT:
            snapshot.read.clear()
        snapshot.read.update(fresh)
        found |= fresh
    return [found[row] for row in rows]


def _passage(entry: Entry, stored: store.StoredPassage) -> Passage:
    return Passage(
        document_id=entry.document_id,
        version=entry.version,
        title=entry.title,
        span=stored.span,
        text=stored.text,
        language=entry.language,
        said=stored.said,
    )
