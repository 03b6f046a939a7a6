"""Searching a space by queries: two legs propose, heads say what is seen, scores are made here."""

import asyncio
import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from app.adapters.azure.cosmos import passages
from app.adapters.azure.cosmos.container import Container, Item, Place
from app.adapters.azure.cosmos.counting import Counts, seen
from app.adapters.azure.cosmos.listing import Parameters
from app.adapters.azure.cosmos.scoring import Asked, Proposed, Wanted, best, often
from app.core.filters import matches
from app.core.ports import Candidate, Found

_TRIES = 20  # of a search while documents are switched, which takes fewer requests than a search
_HERE = "c.tenant_id = @tenant AND c.space_id = @space"
_ROW = "c.id, c.document_id, c.generation, c.span, c.text, c.language, c.lexemes"
_SIMILAR = "VectorDistance(c.embedding, @vector)"
_log = logging.getLogger("eva.azure")


@dataclass(frozen=True, slots=True)
class Counted:
    """What is known of the terms, how many passages pass, and how long that took."""

    asked: Asked
    passing: int
    took_ms: float


class Search:
    """One search in one space: counted first, which needs no vector, then found."""

    def __init__(self, container: Container, counts: Counts, place: Place, wanted: Wanted) -> None:
        self._container = container
        self._counts = counts
        self._place = place
        self._wanted = wanted
        self._often = often(wanted.terms)
        self._vector: Sequence[float] | None = None

    async def counted(self) -> Counted:
        """Return how many passages pass, and what is known of the terms."""
        began = time.perf_counter()
        terms, where = list(self._often), self._wanted.where
        total = await self._counts.total(self._place)
        holding = await self._counts.holding(self._place, terms, total)
        total = max((total, *holding.values()))  # those may have been counted later
        passing = total if where is None else await self._counts.seen(self._place, where)
        asked = Asked(self._often, holding, total)
        return Counted(asked, passing, _ms_since(began))

    async def found(self, counted: Counted, vector: Sequence[float] | None) -> Found:
        """Return what is found; without a vector by text only."""
        asked, began = counted.asked, time.perf_counter()
        if not counted.passing or not asked.often:
            return Found(terms=asked.weights, candidates=(), passages_searched=counted.passing)
        self._vector = vector
        proposed, heads = await self._consistent(asked)
        rows = [(row, heads[row["document_id"]]) for row in proposed if self._is_seen(row, heads)]
        return Found(
            terms=asked.weights,
            candidates=self._scored(rows, asked),
            passages_searched=counted.passing,
            near=None if vector is None else self._wanted.near,
            stages_ms={"count": counted.took_ms, "search": _ms_since(began)},
        )

    async def _consistent(self, asked: Asked) -> tuple[list[Item], Mapping[str, Item]]:
        """Return proposals and the heads of their documents, of one moment.

        If a head names another generation than a proposal's, the document was switched: what was
        asked before the switch may lack its new passages, so all is asked again.
        """
        known: Mapping[str, object] = {}
        for _ in range(_TRIES):
            proposed = await self._proposed(asked)
            heads = await self._heads({row["document_id"] for row in proposed})
            switched = {
                row["document_id"]: heads.get(row["document_id"], {}).get("active")
                for row in proposed
                if not _is_active(row, heads)
            }
            if all(known.get(id_, "") == active for id_, active in switched.items()):
                break
            known = switched
        return proposed, heads

    async def _proposed(self, asked: Asked) -> list[Item]:
        legs = []
        if known := asked.rarest:
            legs.append(self._by_text(known))
        if self._vector is not None:
            legs.append(self._by_vector())
        rows = [row for leg in await asyncio.gather(*legs) for row in leg]
        return list({row["id"]: row for row in rows}.values())

    async def _by_text(self, terms: Sequence[str]) -> list[Item]:
        parameters, tests = seen(self._wanted.where)
        tests = [_HERE, *tests]  # the plan of a ranked query is made without the partition key
        parameters.values |= {"@tenant": self._place[0], "@space": self._place[1]}
        names = ", ".join(parameters.add(term) for term in terms)
        tests.append(f"FullTextContainsAny(c.lexemes, {names})")
        sql = (
            f"SELECT TOP {self._wanted.rows} {self._columns(parameters)} FROM c"  # noqa: S608  # nosec B608
            f" WHERE {' AND '.join(tests)} ORDER BY RANK FullTextScore(c.lexemes, {names})"
        )
        return await self._container.query(self._place, sql, parameters.values)

    async def _by_vector(self) -> list[Item]:
        parameters, tests = seen(self._wanted.where)
        sql = (
            f"SELECT TOP {self._wanted.rows} {self._columns(parameters)} FROM c"  # noqa: S608  # nosec B608
            f" WHERE {' AND '.join(tests)} ORDER BY {_SIMILAR}"
        )
        return await self._container.query(self._place, sql, parameters.values)

    async def _heads(self, ids: set[str]) -> dict[str, Item]:
        if not ids:
            return {}
        parameters = Parameters({"@kind": passages.HEAD})
        names = ", ".join(parameters.add(id_) for id_ in sorted(ids))
        sql = (
            "SELECT c.document_id, c.active, c.version, c.title, c.attributes FROM c"  # noqa: S608  # nosec B608
            f" WHERE c.kind = @kind AND c.document_id IN ({names})"
        )
        rows = await self._container.query(self._place, sql, parameters.values)
        return {row["document_id"]: row for row in rows}

    def _columns(self, parameters: Parameters) -> str:
        if self._vector is None:
            return _ROW
        parameters.values["@vector"] = self._vector
        return f"{_ROW}, {_SIMILAR} AS similarity"

    def _is_seen(self, row: Item, heads: Mapping[str, Item]) -> bool:
        if not _is_active(row, heads):
            return False
        head, where = heads[row["document_id"]], self._wanted.where
        return where is None or matches(where, passages.attributes_of(head))

    def _scored(self, seen: Sequence[tuple[Item, Item]], asked: Asked) -> tuple[Candidate, ...]:
        words = [row["lexemes"].split() for row, _ in seen]
        held = [[found.count(term) for found in words] for term in asked.often]
        proposed = Proposed(
            space_id=self._place[1],
            passages=[passages.passage(row, head) for row, head in seen],
            held=np.array(held, np.int32),
            lengths=np.array([len(found) for found in words], np.int32),
            similarity=np.array([row.get("similarity", 0.0) for row, _ in seen], np.float64),
        )
        return best(asked, proposed, self._wanted)


def _ms_since(began: float) -> float:
    return round((time.perf_counter() - began) * 1000, 3)


def _is_active(row: Item, heads: Mapping[str, Item]) -> bool:
    head = heads.get(row["document_id"])
    return head is not None and head["active"] == row["generation"]
