"""Lexical engines behind one face: documents of passages in, committed durably; passages out."""

import asyncio
import contextlib
import re
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

from app.adapters.embedded.index import open_index
from app.adapters.sandbox import Sandbox
from app.core.language import STOP_WORDS
from app.core.models import Extraction, Partition, PassageSpan, VersionRef

STOP = STOP_WORDS["en"] | STOP_WORDS["fr"]
PASSAGES = 1000  # of a document, at most: a passage's number is document * PASSAGES + ordinal
_HEAP = 64 << 20
SPACE = Partition("ten_bench", "spc_engines")


def words_of(question: str) -> list[str]:
    return [word for word in re.findall(r"\w+", question.lower()) if word not in STOP]


class Engine(Protocol):
    def add(self, document: int, texts: Sequence[str]) -> None:
        """Index a document's passages; what they are is durable when this returns."""

    def remove(self, document: int) -> None: ...

    def search(self, question: str, limit: int) -> list[tuple[int, str]]:
        """The best passages' numbers and texts."""

    def close(self) -> None: ...


class Eva:
    """The index of this repository: both legs."""

    def __init__(self, folder: Path) -> None:
        self._runner = asyncio.Runner()
        self._sandbox = Sandbox(preload=["app.adapters.embedded.index.postings"])
        self._opened = contextlib.AsyncExitStack()
        opening = self._opened.enter_async_context(open_index(folder, self._sandbox))
        self._index = self._runner.run(opening)

    def add(self, document: int, texts: Sequence[str]) -> None:
        self._runner.run(self._add(document, texts))

    async def _add(self, document: int, texts: Sequence[str]) -> None:
        spans, start, at = [], 0, 0
        for ordinal, text in enumerate(texts):
            end, byte_end = start + len(text), at + len(text.encode())
            spans.append(
                PassageSpan(ordinal=ordinal, start=start, end=end, byte_start=at, byte_end=byte_end)
            )
            start, at = end + 1, byte_end + 1
        made = Extraction(text="\n".join(texts), language="en", passages=tuple(spans))
        ref = VersionRef(
            tenant_id=SPACE.tenant_id,
            space_id=SPACE.space_id,
            document_id=f"doc_{document}",
            version=1,
        )
        await self._index.stage(ref, "", made)
        await self._index.activate(ref, {})

    def remove(self, document: int) -> None:
        self._runner.run(self._index.remove(SPACE, f"doc_{document}"))

    def search(self, question: str, limit: int) -> list[tuple[int, str]]:
        found = self._runner.run(self._index.search(SPACE, question, limit=limit))
        passages = (candidate.passage for candidate in found.candidates)
        return [(int(p.document_id[4:]) * PASSAGES + p.span.ordinal, p.text) for p in passages]

    def close(self) -> None:
        self._runner.run(self._opened.aclose())
        self._runner.run(self._sandbox.aclose())
        self._runner.close()


class Fts5:
    """SQLite's own: porter for both languages, accents removed, the journal synced."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._database = sqlite3.connect(folder / "fts5.db", isolation_level=None)
        for setting in ("journal_mode = WAL", "synchronous = FULL", "secure_delete = ON"):
            self._database.execute(f"PRAGMA {setting}").fetchall()
        self._database.execute(
            "CREATE VIRTUAL TABLE IF NOT EXISTS t USING"
            " fts5(body, tokenize='porter unicode61 remove_diacritics 2')"
        )

    def add(self, document: int, texts: Sequence[str]) -> None:
        self._database.execute("BEGIN IMMEDIATE")
        self._database.executemany(
            "INSERT INTO t (rowid, body) VALUES (?, ?)",
            [(document * PASSAGES + n, text) for n, text in enumerate(texts)],
        )
        self._database.execute("COMMIT")

    def remove(self, document: int) -> None:
        bounds = (document * PASSAGES, (document + 1) * PASSAGES)
        self._database.execute("DELETE FROM t WHERE rowid >= ? AND rowid < ?", bounds)
        self._database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def search(self, question: str, limit: int) -> list[tuple[int, str]]:
        asked = " OR ".join(f'"{word}"' for word in words_of(question))
        if not asked:
            return []
        return self._database.execute(
            "SELECT rowid, body FROM t WHERE t MATCH ? ORDER BY rank LIMIT ?", (asked, limit)
        ).fetchall()

    def close(self) -> None:
        self._database.close()


class Tantivy:
    """tantivy with our chain: stop words, Snowball for English then French, accents folded."""

    def __init__(self, folder: Path) -> None:
        import tantivy

        folder.mkdir(parents=True, exist_ok=True)
        self._tantivy: Any = tantivy
        schema = (
            tantivy.SchemaBuilder()
            .add_unsigned_field("number", stored=True, indexed=True)
            .add_unsigned_field("document", indexed=True)
            .add_text_field("body", stored=True, tokenizer_name="both")
            .build()
        )
        self._index = tantivy.Index(schema, path=str(folder))
        self._index.register_tokenizer("both", self._chain())
        self._writer: Any = None

    def _chain(self) -> Any:
        allowed = self._tantivy.Filter
        chain = self._tantivy.TextAnalyzerBuilder(self._tantivy.Tokenizer.simple())
        for one in (
            allowed.lowercase(),
            allowed.custom_stopword(sorted(STOP)),
            allowed.stemmer("english"),
            allowed.stemmer("french"),
            allowed.ascii_fold(),
        ):
            chain = chain.filter(one)
        return chain.build()

    def _commit(self) -> None:
        self._writer.commit()
        self._index.reload()

    def _written(self) -> Any:
        if self._writer is None:  # it keeps others from writing for as long as it is open
            self._writer = self._index.writer(_HEAP, 1)
        return self._writer

    def add(self, document: int, texts: Sequence[str]) -> None:
        writer = self._written()
        for n, text in enumerate(texts):
            made = self._tantivy.Document()
            made.add_unsigned("number", document * PASSAGES + n)
            made.add_unsigned("document", document)
            made.add_text("body", text)
            writer.add_document(made)
        self._commit()

    def remove(self, document: int) -> None:
        term = self._tantivy.Query.range_query(
            self._index.schema,
            "document",
            self._tantivy.FieldType.Unsigned,
            lower_bound=document,
            upper_bound=document,
        )
        self._written().delete_documents_by_query(term)
        self._commit()

    def search(self, question: str, limit: int) -> list[tuple[int, str]]:
        words = words_of(question)
        if not words:
            return []
        searcher = self._index.searcher()
        query = self._index.parse_query(" ".join(words), ["body"])
        found = (searcher.doc(address) for _, address in searcher.search(query, limit).hits)
        return [(one["number"][0], one["body"][0]) for one in found]

    def close(self) -> None:
        if self._writer is not None:
            self._writer.wait_merging_threads()
        self._writer = None


ENGINES: dict[str, type[Eva] | type[Fts5] | type[Tantivy]] = {
    "eva": Eva,
    "sqlite fts5": Fts5,
    "tantivy": Tantivy,
}
