"""`PassageIndex` in a container with vectors and full text, a partition for each space."""

import asyncio
import logging
import secrets
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Protocol

from app.adapters.azure.cosmos import items, passages
from app.adapters.azure.cosmos.container import BatchRefusedError, Container, Item, Operation, Place
from app.adapters.azure.cosmos.counting import Counts
from app.adapters.azure.cosmos.heads import Heads
from app.adapters.azure.cosmos.scoring import Wanted
from app.adapters.azure.cosmos.searching import Counted, Search
from app.adapters.azure.cosmos.shelves import Shelves
from app.adapters.azure.cosmos.shelves.shelf import Shelf
from app.core.errors import NotFoundError, UnavailableError
from app.core.filters import Attributes, Filter
from app.core.models import Extraction, Partition, VersionRef
from app.core.ports import Analyzer, Found

_AT_ONCE = 16  # deletions under way
_COUNT = "SELECT VALUE COUNT(1) FROM c WHERE c.kind = @kind"
_OF_DOCUMENT = " AND c.document_id = @document"
_PASSAGES = """
SELECT c.id, c.generation, c.words FROM c WHERE c.kind = @kind AND c.document_id = @document
"""
_SOME = "SELECT TOP 200 c.id, c.kind FROM c WHERE IS_DEFINED(c.kind)"
_PING = ("~eva", "~pulse")
_log = logging.getLogger("eva.azure")


class Embedder(Protocol):
    """Turns texts into vectors of length 1, of the size that the container was made for."""

    async def embed_passages(self, texts: Sequence[str]) -> Any:  # noqa: ANN401 - rows of numbers
        """Return a row of numbers for each text, one at least; UnavailableError."""

    async def embed_question(self, text: str) -> Any:  # noqa: ANN401 - numbers
        """Return the numbers of a question; UnavailableError."""


class CosmosPassageIndex:
    """Passages with their vectors; what a question's vector can't be had for is found by words."""

    def __init__(
        self,
        container: Container,
        analyzer: Analyzer,
        embedder: Embedder,
        shelves: Shelves,
        *,
        near: float,
    ) -> None:
        self._container = container
        self._heads = Heads(container)
        self._shelves = shelves
        self._counts = Counts(container)
        self._near = near
        self._analyzer = analyzer
        self._embedder = embedder

    async def stage(self, ref: VersionRef, title: str, extraction: Extraction) -> int:
        """Name a version's passages in the head, so that nobody sweeps them, and store them."""
        generation = f"{ref.version}-{secrets.token_hex(6)}"
        found = await self._made(ref, generation, title, extraction)
        named = {"generation": generation, "title": title, "passages": len(found)}

        def staged(head: Item | None) -> Item:
            head = head or passages.new_head(ref.partition, ref.document_id)
            return {**head, "staged": {**head["staged"], str(ref.version): named}}

        stores = [[("upsert", (item,)) for item in some] for some in passages.batches(found)]
        at_once = stores.pop() if len(stores) == 1 else []
        before = await self._heads.stage(ref, staged, at_once)
        for some in stores:
            await self._apply(ref.partition, some)
        if before is not None:
            await self._sweep(ref.partition, ref.document_id)
        return len(found)

    async def activate(self, ref: VersionRef, attributes: Attributes) -> None:
        """Let the staged passages be proposed and switch the head; the old ones go last."""
        document_id, head = ref.document_id, await self._heads.staged(ref)
        if head and passages.overtakes(head, ref) and str(ref.version) not in head["staged"]:
            return
        named = passages.named(head, ref)

        def switched(head: Item) -> Item:
            if passages.named(head, ref) != named:
                raise UnavailableError(dependency="index", retry_after=1)  # staged again meanwhile
            others = {k: v for k, v in head["staged"].items() if k != str(ref.version)}
            if passages.overtakes(head, ref):
                return {**head, "staged": others}
            changed = {"active": named["generation"], "passages": named["passages"]}
            changed |= {"version": ref.version, "staged": others}
            return passages.described({**head, **changed}, named["title"], attributes)

        shown = passages.shown(attributes)
        ids = passages.ids(document_id, named["generation"], named["passages"])
        patches = [("patch", (id_, shown)) for id_ in ids]
        while len(patches) > passages.BATCH:
            await self._apply(ref.partition, patches[: passages.BATCH])
            del patches[: passages.BATCH]
        before = await self._heads.change(ref.partition, document_id, switched, patches)
        if before is None:
            raise NotFoundError(id=document_id)
        if before["active"] is not None:
            await self._sweep(ref.partition, document_id)

    async def describe(
        self, partition: Partition, document_id: str, title: str, attributes: Attributes
    ) -> None:
        """Change the head, which is what is shown, and what queries look at."""
        head = await self._heads.read(partition, document_id)
        if head is None or head["active"] is None:
            return
        words = " ".join(self._analyzer.terms(title))
        changes = [
            {"id": row["id"], "change": passages.retitled(row["words"], words, attributes)}
            for row in await self._of(partition, document_id)
            if row["generation"] == head["active"]
        ]
        patches = [
            [("patch", (one["id"], one["change"])) for one in some]
            for some in passages.batches(changes)
        ]
        await self._heads.change(
            partition,
            document_id,
            lambda head: passages.described(head, title, attributes),
            patches.pop() if len(patches) == 1 else [],
        )
        for some in patches:
            await self._apply(partition, some)

    async def remove(self, partition: Partition, document_id: str) -> int:
        """Delete the head, which hides the document at once, then its passages."""
        await self._heads.change(partition, document_id, lambda _: None, [])
        found = await self._of(partition, document_id)
        return await self._delete(partition, [row["id"] for row in found])

    async def drop(self, partition: Partition) -> int:
        """Delete all of a space, portion by portion; the stamp first, and heads first of each."""
        place, gone = items.place(partition), 0
        while rows := await self._container.query(place, _SOME):
            await self._heads.forget(place)
            rows.sort(key=lambda row: str(row["kind"]))
            await self._delete(partition, [row["id"] for row in rows])
            gone += sum(row["kind"] == passages.PASSAGE for row in rows)
        return gone

    async def count(self, partition: Partition, document_id: str | None = None) -> int:
        """Count in the index."""
        sql, given = _COUNT, {"@kind": passages.PASSAGE}
        if document_id is not None:
            sql, given = sql + _OF_DOCUMENT, {**given, "@document": document_id}
        [found] = await self._container.query(items.place(partition), sql, given)
        return int(found)

    async def search(
        self, partition: Partition, question: str, *, limit: int, where: Filter | None = None
    ) -> Found:
        """Search by words and by vector; by words alone while no vector can be had.

        What is held of the space in memory is searched there, anything else by queries.
        """
        terms, place = self._analyzer.terms(question), items.place(partition)
        wanted = Wanted(terms, limit, where, self._near)
        search = Search(self._container, self._counts, place, wanted)
        vector_of = self._vector(question, terms)
        looked, vector = await asyncio.gather(self._looked(place, search), vector_of)
        match looked:
            case Shelf():
                found = looked.search(wanted, vector)
            case _:
                found = await search.found(looked, vector)
        return replace(found, words_alone=bool(terms) and vector is None)

    async def ping(self) -> None:
        """Read, to see that the container is there."""
        await self._container.query(_PING, _COUNT, {"@kind": passages.HEAD})

    async def _looked(self, place: Place, search: Search) -> Shelf | Counted:
        """Return the space if it is at hand, or else what is counted in it."""
        return await self._shelves.at_hand(place) or await search.counted()

    async def _vector(self, question: str, terms: Sequence[str]) -> list[float] | None:
        if not terms:
            return None
        try:
            return passages.numbers(await self._embedder.embed_question(question))
        except UnavailableError:
            _log.warning("a question is searched by its words alone")
            return None

    async def _made(
        self, ref: VersionRef, generation: str, title: str, extraction: Extraction
    ) -> list[Item]:
        texts = [extraction.text[span.start : span.end] for span in extraction.passages]
        vectors = await self._embedder.embed_passages(texts) if texts else []
        heading = " ".join(self._analyzer.terms(title))
        made = []
        ids = passages.ids(ref.document_id, generation, len(texts))
        for id_, span, text, vector in zip(ids, extraction.passages, texts, vectors, strict=True):
            words = " ".join(self._analyzer.terms(f"{span.section or ''}\n{text}"))
            of_text = {
                "id": id_,
                "text": text,
                "language": extraction.language,
                "words": words,
                "lexemes": passages.lexemes(heading, words),
                "embedding": passages.numbers(vector),
            }
            made.append(passages.new(ref, generation, span, of_text))
        return made

    async def _apply(self, partition: Partition, operations: Sequence[Operation]) -> None:
        try:
            await self._container.batch(items.place(partition), operations)
        except BatchRefusedError as refused:  # it was removed meanwhile
            raise UnavailableError(dependency="index", retry_after=1) from refused

    async def _sweep(self, partition: Partition, document_id: str) -> None:
        """Delete the generations that the head names neither as seen nor as staged.

        The head is read last: what is staged is named there before it is stored.
        """
        rows = await self._of(partition, document_id)
        head = await self._heads.read(partition, document_id)
        if head is not None:
            named = {head["active"], *(one["generation"] for one in head["staged"].values())}
            await self._delete(partition, [r["id"] for r in rows if r["generation"] not in named])

    async def _of(self, partition: Partition, document_id: str) -> list[Item]:
        given = {"@kind": passages.PASSAGE, "@document": document_id}
        return await self._container.query(items.place(partition), _PASSAGES, given)

    async def _delete(self, partition: Partition, ids: Sequence[str]) -> int:
        place, gone = items.place(partition), 0
        for start in range(0, len(ids), _AT_ONCE):
            some = (self._container.delete(place, id_) for id_ in ids[start : start + _AT_ONCE])
            gone += sum(await asyncio.gather(*some))
        return gone
