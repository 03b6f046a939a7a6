"""What is compared: our search whole, its words alone, SQLite's FTS5, and bm25s as the peer."""

import contextlib
import re
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from retrieval_sets import Collection

from app.adapters.embedded.index import EmbeddedPassageIndex, SnowballAnalyzer, open_index
from app.adapters.embedded.index.scoring import score
from app.adapters.embedded.index.space import Space as OpenSpace
from app.adapters.sandbox import Sandbox
from app.core.filters import Filter
from app.core.language import STOP_WORDS
from app.core.models import Extraction, Partition, PassageSpan, VersionRef
from app.core.ports import Candidate, Found
from app.core.ranking import fuse

TENANT = "ten_bench"
DEPTH = 100
STOP = STOP_WORDS["en"] | STOP_WORDS["fr"]
Search = Callable[[str], Awaitable[list[str]]]  # a question to document ids, best first


@dataclass(frozen=True, slots=True)
class Space:
    """A collection in an open index, a document a passage."""

    collection: Collection
    index: EmbeddedPassageIndex

    @property
    def partition(self) -> Partition:
        return Partition(TENANT, f"spc_{self.collection.name}")

    def document(self, candidate: Candidate) -> dict[str, str]:
        return dict(self.collection.documents[int(candidate.passage.document_id[4:])])

    async def found(self, question: str, limit: int, where: Filter | None = None) -> Found:
        return await self.index.search(self.partition, question, limit=limit, where=where)

    async def stored(self, candidate: Candidate, start: int, end: int) -> bytes:
        return self.document(candidate)["text"].encode()[start:end]


@contextlib.asynccontextmanager
async def filled(collection: Collection, folder: Path) -> AsyncIterator[Space]:
    async with open_index(folder, Sandbox()) as index:
        space = Space(collection, index)
        for number, document in enumerate(collection.documents):
            ref = VersionRef(
                tenant_id=TENANT,
                space_id=space.partition.space_id,
                document_id=f"doc_{number}",
                version=1,
            )
            text = document["text"]
            span = PassageSpan(
                ordinal=0, start=0, end=len(text), byte_start=0, byte_end=len(text.encode())
            )
            made = Extraction(text=text, language=collection.language, passages=(span,))
            await index.stage(ref, document["title"], made)
            await index.activate(ref, {"id": document["id"]})
        yield space


def words(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower())


def ours(space: Space) -> Search:
    async def search(question: str) -> list[str]:
        ranked = fuse(await space.found(question, DEPTH))
        return [space.document(one.candidate)["id"] for one in ranked]

    return search


def words_only(space: Space) -> Search:
    """Our BM25 without the fuzzy leg: the whole collection by its lexical score."""

    async def search(question: str) -> list[str]:
        found = await space.found(question, len(space.collection.documents))
        scored = sorted(
            (one for one in found.candidates if one.lexical > 0), key=lambda one: -one.lexical
        )
        return [space.document(one)["id"] for one in scored[:DEPTH]]

    return search


def scoring_only(space: Space, folder: Path) -> Search:
    """Our search without fetching texts, which the other systems do not do either."""
    analyzer = SnowballAnalyzer()
    opened = OpenSpace(folder / TENANT / f"{space.partition.space_id}.db", 5.0)
    snapshot = opened.refresh()
    opened.close()  # what is in memory stays

    async def search(question: str) -> list[str]:
        ids = []
        for hit in score(snapshot, analyzer.terms(question), None, DEPTH).hits:
            entry = snapshot.entries[hit.key]
            ids.append(space.collection.documents[int(entry.document_id[4:])]["id"])
        return ids

    return search


def fts5(collection: Collection, connection: sqlite3.Connection) -> Search:
    """SQLite's own: porter, titles twice, the question's words joined by OR."""
    connection.execute(
        "CREATE VIRTUAL TABLE t USING"
        " fts5(title, body, tokenize='porter unicode61 remove_diacritics 2')"
    )
    connection.executemany(
        "INSERT INTO t VALUES (?, ?)", [(d["title"], d["text"]) for d in collection.documents]
    )

    async def search(question: str) -> list[str]:
        asked = [word for word in words(question) if word not in STOP]
        if not asked:
            return []
        rows = connection.execute(
            "SELECT rowid FROM t WHERE t MATCH ? ORDER BY bm25(t, 2.0, 1.0) LIMIT ?",
            (" OR ".join(f'"{word}"' for word in asked), DEPTH),
        )
        return [collection.documents[row - 1]["id"] for (row,) in rows]

    return search


def peer(collection: Collection) -> Search | None:
    """bm25s with our analyzer, titles twice; None if it is not installed."""
    try:
        import bm25s
    except ImportError:
        return None
    terms = SnowballAnalyzer().terms
    corpus = [terms(f"{d['title']} {d['title']} {d['text']}") for d in collection.documents]
    model = bm25s.BM25(method="lucene", k1=1.2, b=0.75)
    model.index(corpus, show_progress=False)
    depth = min(DEPTH, len(corpus))

    async def search(question: str) -> list[str]:
        asked = terms(question)
        if not asked:
            return []
        found, scores = model.retrieve([asked], k=depth, show_progress=False)
        return [
            collection.documents[number]["id"]
            for number, score in zip(found[0], scores[0], strict=True)
            if score > 0
        ]

    return search
