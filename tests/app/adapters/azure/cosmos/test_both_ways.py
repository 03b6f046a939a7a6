"""A space in memory and queries find the same, after whatever was written."""

import asyncio
import itertools
from dataclasses import dataclass, replace

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, Phase, given, settings

from app.adapters.azure.cosmos import CosmosStore, open_cosmos
from app.adapters.azure.cosmos.counting import Counts
from app.adapters.azure.cosmos.items import place
from app.adapters.azure.cosmos.shelves import Shelves
from app.core.errors import NotFoundError
from app.core.filters import parse
from app.core.ids import new_id
from app.core.models import Partition
from app.core.ports import Candidate, Found
from tests.contract.cosmos import fresh_database, means
from tests.contract.passages import IMPOT, PASSPORT, TAX, extraction, ref
from tests.peers.cosmos.running import Running

LINES = [
    PASSPORT,
    TAX,
    IMPOT,
    f"{TAX} {PASSPORT}",
    "",
    "Photographs of a passport, passport, passport.",
]
ASKED = [
    ("renew a passport", None),
    ("property tax, late payment", {"field": "tags", "op": "eq", "value": "a"}),
    ("headings of zebra impôts", {"field": "tags", "op": "ne", "value": "a"}),
]
passages_of = st.lists(st.sampled_from(LINES), max_size=4)
titles = st.sampled_from(["", "Headings", "Passports"])
tagged = st.lists(st.sampled_from(["a", "b"]), max_size=2, unique=True)
document = st.integers(0, 3)


@dataclass(frozen=True)
class Write:
    """One write to the document of a number."""

    kind: str
    document: int = 0
    lines: tuple[str, ...] = ()
    title: str = ""
    tags: tuple[str, ...] = ()


writes = st.lists(
    st.builds(
        Write,
        st.sampled_from(["stage", "stage", "stage", "activate", "activate", "describe", "remove"])
        | st.sampled_from(["stage", "activate", "drop", "search"]),
        document,
        passages_of.map(tuple),
        titles,
        tagged.map(tuple),
    ),
    min_size=3,
    max_size=14,
)


class Space:
    """A space that one process writes to and another one reads."""

    def __init__(self, writer: CosmosStore, reader: CosmosStore) -> None:
        self.at = Partition(new_id("ten"), new_id("spc"))
        self._writer = writer.index
        self._reader = reader.index
        self._ids = [new_id("doc") for _ in range(4)]
        self._versions = itertools.count(1)
        self._newest: dict[str, int] = {}

    async def do(self, write: Write) -> None:
        id_ = self._ids[write.document]
        attributes = {"tags": list(write.tags)}
        match write.kind:
            case "stage":
                self._newest[id_] = next(self._versions)
                version = ref(self.at, id_, self._newest[id_])
                await self._writer.stage(version, write.title, extraction(*write.lines))
            case "activate":
                version = ref(self.at, id_, self._newest.get(id_, 1))
                if id_ in self._newest:
                    await self._writer.activate(version, attributes)
                else:
                    with pytest.raises(NotFoundError):
                        await self._writer.activate(version, attributes)
            case "describe":
                await self._writer.describe(self.at, id_, write.title, attributes)
            case "remove":
                await self._writer.remove(self.at, id_)
                self._newest.pop(id_, None)
            case "drop":
                await self._writer.drop(self.at)
                self._newest.clear()
            case _:
                await self._reader.search(self.at, ASKED[0][0], limit=20)

    async def same(self) -> None:
        """Require that both ways find the same."""
        here, shelves = place(self.at), self._reader._shelves
        held = await shelves.at_hand(here) is not None or await shelves.load(here)
        for question, where in ASKED:
            chosen = None if where is None else parse(where)
            for index in (self._writer, self._reader):
                index._counts = Counts(index._container)  # which remembers nothing yet
            queried = await self._writer.search(self.at, question, limit=20, where=chosen)
            found = await self._reader.search(self.at, question, limit=20, where=chosen)
            assert ("count" in found.stages_ms) <= (not held)
            assert told(found) == told(queried)
            assert figures(found) == pytest.approx(figures(queried), abs=2e-6)


def told(found: Found) -> tuple[object, ...]:
    """Everything but numbers that were added up in another order."""
    seen = [(one.passage, one.space_id, one.matched) for one in found.candidates]
    return (found.terms, found.passages_searched, found.near, found.words_alone, seen)


def figures(found: Found) -> list[float]:
    def of(one: Candidate) -> tuple[float, float]:
        return (one.lexical, one.similarity)

    return [figure for one in found.candidates for figure in of(one)]


@settings(
    max_examples=25,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # each example takes a moment
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(before=writes, after=writes)
def test_both_ways_find_the_same_whatever_was_written(
    cosmos_peer: Running, before: list[Write], after: list[Write]
) -> None:
    async def checked() -> None:
        async with fresh_database(cosmos_peer) as writer:
            chosen = replace(means(), cache_bytes=64 << 20)
            async with open_cosmos(writer.account.place, chosen) as reader:
                space = Space(writer, reader)
                for write in before:
                    await space.do(write)
                await space.same()
                for write in after:
                    await space.do(write)
                await space.same()

    asyncio.run(checked())


async def test_the_best_of_many_are_the_same_both_ways(
    store: CosmosStore, space: Partition
) -> None:
    words = ["budget", "leave", "travel", "audit", "record", "privacy", "contract", "grant", "act"]
    for number in range(60):
        lines = [
            " ".join(words[(number * step + line) % 9] for step in range(1, 7 + number % 5))
            for line in range(4)
        ]
        version = ref(space, new_id("doc"))
        await store.index.stage(version, "", extraction(*lines))
        await store.index.activate(version, {})
    queried = await store.index.search(space, "travel budget of a grant", limit=50)
    shelves = Shelves(
        store.index._container,
        replace(store.index._shelves._room, most_bytes=64 << 20),
        store.index._analyzer.terms,
    )
    assert await shelves.load(place(space))
    store.index._shelves = shelves
    found = await store.index.search(space, "travel budget of a grant", limit=50)
    assert "count" not in found.stages_ms
    best = {one.passage.text for one in queried.candidates[:20]}
    assert best <= {one.passage.text for one in found.candidates}
    assert found.passages_searched == queried.passages_searched == 240
