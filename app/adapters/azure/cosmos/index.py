"""`PassageIndex` in a container with vectors and full text, a partition for each space."""

import asyncio
import logging
import secrets
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Protocol

from app.adapters.azure.cosmos import items, passages
from app.adapters.azure.cosmos.container import BatchRefusedError, Container, Item, Operation
from app.adapters.azure.cosmos.counting import Counts
from app.adapters.azure.cosmos.searching import Search, Wanted
from app.core.errors import NotFoundError, StaleEtagError, UnavailableError
from app.core.filters import Attributes, Filter
from app.core.models import Extraction, Partition, VersionRef
from app.core.ports import Analyzer, Found

_AT_ONCE = 16  # deletions under way
_TRIES = 10  # of a change of a head that others change, too
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
        self, container: Container, analyzer: Analyzer, embedder: Embedder, *, near: float
    ) -> None:
        self._container = container
        self._counts = Counts(container)
        self._near = near
        self._analyzer = analyzer
        self._embedder = embedder

    async def stage(self, ref: VersionRef, title: str, extraction: Extraction) -> int:
        """Name a version's passages in the head, so that nobody sweeps them, and store them."""
        generation = f"{ref.version}-{secrets.token_hex(6)}"
        found = await self._made(ref, generation, title, extraction)
        named = {"generation": generation, "title": title}
        await self._change(
            ref.partition,
            ref.document_id,
            lambda head: {**head, "staged": {**head["staged"], str(ref.version): named}},
            new=True,
        )
        for portion in passages.batches(found):
            await self._apply(ref.partition, [("upsert", (item,)) for item in portion])
        await self._sweep(ref.partition, ref.document_id)
        return len(found)

    async def activate(self, ref: VersionRef, attributes: Attributes) -> None:
        """Let the staged passages be proposed, then switch the head; the old ones go last."""
        head = await self._head(ref.partition, ref.document_id)
        named = {} if head is None else head["staged"].get(str(ref.version), {})
        if head is None or not (named or head["version"] == ref.version):
            raise NotFoundError(id=ref.document_id)
        generation, title = named.get("generation", head["active"]), named.get("title")

        def switched(head: Item) -> Item:
            others = {k: v for k, v in head["staged"].items() if v["generation"] != generation}
            known = head["title"] if title is None else title
            changed = {"active": generation, "version": ref.version, "staged": others}
            return passages.described({**head, **changed}, known, attributes)

        shown = passages.shown(attributes)
        await self._patch(ref.partition, ref.document_id, generation, lambda _: shown)
        await self._change(ref.partition, ref.document_id, switched)
        await self._sweep(ref.partition, ref.document_id)

    async def describe(
        self, partition: Partition, document_id: str, title: str, attributes: Attributes
    ) -> None:
        """Change the head, which is what is shown, and then what queries look at."""
        head = await self._head(partition, document_id)
        if head is None or head["active"] is None:
            return
        await self._change(
            partition, document_id, lambda head: passages.described(head, title, attributes)
        )
        words = " ".join(self._analyzer.terms(title))
        await self._patch(
            partition,
            document_id,
            head["active"],
            lambda row: passages.retitled(row["words"], words, attributes),
        )

    async def remove(self, partition: Partition, document_id: str) -> int:
        """Delete the head, which hides the document at once, then its passages."""
        await self._container.delete(items.place(partition), passages.head_id(document_id))
        found = await self._of(partition, document_id)
        return await self._delete(partition, [row["id"] for row in found])

    async def drop(self, partition: Partition) -> None:
        """Delete all of a space, portion by portion; heads first of each."""
        while rows := await self._container.query(items.place(partition), _SOME):
            rows.sort(key=lambda row: str(row["kind"]))
            await self._delete(partition, [row["id"] for row in rows])

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
        """Search by words and by vector; by words alone while no vector can be had."""
        terms = self._analyzer.terms(question)
        wanted = Wanted(terms, limit, where, self._near)
        search = Search(self._container, self._counts, items.place(partition), wanted)
        counted, vector = await asyncio.gather(search.counted(), self._vector(question, terms))
        found = await search.found(counted, vector)
        return replace(found, words_alone=bool(terms) and vector is None)

    async def ping(self) -> None:
        """Read, to see that the container is there."""
        await self._container.query(_PING, _COUNT, {"@kind": passages.HEAD})

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
        for span, text, vector in zip(extraction.passages, texts, vectors, strict=True):
            words = " ".join(self._analyzer.terms(f"{span.section or ''}\n{text}"))
            of_text = {
                "text": text,
                "language": extraction.language,
                "words": words,
                "lexemes": passages.lexemes(heading, words),
                "embedding": passages.numbers(vector),
            }
            made.append(passages.new(ref, generation, span, of_text))
        return made

    async def _head(self, partition: Partition, document_id: str) -> Item | None:
        name = passages.head_id(document_id)
        return await self._container.read(items.place(partition), name)

    async def _change(
        self,
        partition: Partition,
        document_id: str,
        change: Callable[[Item], Item],
        *,
        new: bool = False,
    ) -> None:
        """Change a head, made first if `new`; NotFoundError if there is none."""
        place = items.place(partition)
        for _ in range(_TRIES):
            head = await self._head(partition, document_id)
            if head is None and not new:
                raise NotFoundError(id=document_id)
            if head is None:
                await self._container.create(passages.new_head(partition, document_id))
                continue
            try:
                await self._container.replace(place, change(head))
            except StaleEtagError:
                continue
            return
        raise UnavailableError(dependency="index", retry_after=1)

    async def _patch(
        self,
        partition: Partition,
        document_id: str,
        generation: str | None,
        change: Callable[[Item], list[Item]],
    ) -> None:
        """Change a generation's passages partially."""
        rows = await self._of(partition, document_id)
        wanted = [
            {"id": row["id"], "change": change(row)}
            for row in rows
            if row["generation"] == generation
        ]
        for portion in passages.batches(wanted):
            await self._apply(partition, [("patch", (one["id"], one["change"])) for one in portion])

    async def _apply(self, partition: Partition, operations: Sequence[Operation]) -> None:
        try:
            await self._container.batch(items.place(partition), operations)
        except BatchRefusedError as refused:  # it was removed meanwhile
            raise UnavailableError(dependency="index", retry_after=1) from refused

    async def _sweep(self, partition: Partition, document_id: str) -> None:
        """Delete the generations that the head names neither as seen nor as staged."""
        head = await self._head(partition, document_id)
        if head is not None:
            named = {head["active"], *(one["generation"] for one in head["staged"].values())}
            rows = await self._of(partition, document_id)
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
