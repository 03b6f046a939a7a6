"""How many passages of a space are seen, and how many of them hold a term: what scores rest on.

How often a term occurs is remembered for a while: it changes by little while a space does. How many
passages there are is for a moment. None is never remembered, since the next document may be one.
"""

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from app.adapters.azure.cosmos import passages
from app.adapters.azure.cosmos.container import Container, Place
from app.adapters.azure.cosmos.listing import Parameters, condition
from app.adapters.azure.cosmos.remembering import Remembered
from app.core.filters import Filter

_SEEN = "c.kind = @kind AND c.visible = true"
_KEPT_S, _TOTAL_KEPT_S = 30.0, 2.0
_DRIFT = 0.1  # share by which a space may grow or shrink until its terms are counted again
_MOST_KEPT = 50_000


@dataclass(frozen=True, slots=True)
class _Counted:
    """How many of `total` passages hold a term, as seen at some time (monotonic)."""

    holding: int
    total: int
    at: float


class Counts:
    """Counts in all spaces; index look-ups only."""

    def __init__(self, container: Container, clock: Callable[[], float] = time.monotonic) -> None:
        self._container = container
        self._clock = clock
        self._kept: Remembered[tuple[Place, str], _Counted] = Remembered(_MOST_KEPT)
        self._totals: Remembered[Place, tuple[float, int]] = Remembered(_MOST_KEPT)

    async def total(self, place: Place) -> int:
        """Return how many passages were seen within the last seconds."""
        now, kept = self._clock(), self._totals.get(place)
        if kept is not None and now - kept[0] < _TOTAL_KEPT_S:
            return kept[1]
        if found := await self.seen(place):
            self._totals.put(place, (now, found))
        return found

    async def seen(self, place: Place, where: Filter | None = None) -> int:
        """Return how many passages are seen that pass the filter."""
        parameters, tests = seen(where)
        return await self._count(place, parameters, tests)

    async def holding(self, place: Place, terms: Iterable[str], total: int) -> Mapping[str, int]:
        """Return how many of the `total` passages of a space hold each term."""
        wanted = list(terms)
        counted = await asyncio.gather(*(self._holding(place, term, total) for term in wanted))
        return dict(zip(wanted, counted, strict=True))

    async def _holding(self, place: Place, term: str, total: int) -> int:
        now, kept = self._clock(), self._kept.get((place, term))
        if kept and now - kept.at < _KEPT_S and abs(total - kept.total) <= _DRIFT * kept.total:
            return kept.holding
        parameters, tests = seen(None)
        tests.append(f"FullTextContains(c.lexemes, {parameters.add(term)})")
        found = await self._count(place, parameters, tests)
        if found:
            self._kept.put((place, term), _Counted(found, total, now))
        return found

    async def _count(self, place: Place, parameters: Parameters, tests: list[str]) -> int:
        sql = f"SELECT VALUE COUNT(1) FROM c WHERE {' AND '.join(tests)}"  # noqa: S608  # nosec B608
        [found] = await self._container.query(place, sql, parameters.values)
        return int(found)


def seen(where: Filter | None) -> tuple[Parameters, list[str]]:
    """Return the tests of passages that are seen and pass a filter, and their parameters."""
    parameters = Parameters({"@kind": passages.PASSAGE})
    return parameters, [_SEEN] if where is None else [_SEEN, condition(where, parameters)]
