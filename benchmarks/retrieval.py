"""Quality and speed of retrieval and of answers, beside plain BM25, SQLite FTS5 and a peer.

On the collections below EVA_RETRIEVAL_DATA (default ../shared/data/retrieval) and the committed
ones in benchmarks/data. Every figure of one report comes from one run; CPU is this process's.
"""

import argparse
import asyncio
import json
import os
import re
import sqlite3
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from retrieval_collections import Collection, Question, load, mean, quality

from app.adapters.embedded.index import EmbeddedPassageIndex, SnowballAnalyzer, open_index
from app.adapters.sandbox import Sandbox
from app.core.answering import Answered, Asking, ExtractiveComposer, answer
from app.core.language import STOP_WORDS
from app.core.models import Band, Extraction, Partition, PassageSpan, VersionRef
from app.core.ports import Candidate
from app.core.ranking import fuse

OWN = Path(__file__).parent / "data"
DEFAULT = "../shared/data/retrieval"
DEPTH = 100
WORD = re.compile(r"\w+")
STOP = STOP_WORDS["en"] | STOP_WORDS["fr"]
Rankings = Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Searched:
    """How one engine ranked, and how long a question took on the CPU (ms)."""

    rankings: Rankings
    cpu_ms: float


async def indexed(index: EmbeddedPassageIndex, collection: Collection) -> Partition:
    """Put each document into a space as one passage."""
    space = Partition("ten_bench", f"spc_{collection.name}")
    for number, document in enumerate(collection.documents):
        size = len(document.text.encode())
        span = PassageSpan(ordinal=0, start=0, end=len(document.text), byte_start=0, byte_end=size)
        ref = VersionRef(
            tenant_id=space.tenant_id,
            space_id=space.space_id,
            document_id=f"doc_{number}",
            version=1,
        )
        extraction = Extraction(text=document.text, language=collection.language, passages=(span,))
        await index.stage(ref, document.title, extraction)
        await index.activate(ref, {"document_id": ref.document_id})
    return space


async def timed(
    questions: Sequence[Question], search: Callable[[str], Awaitable[Sequence[str]]]
) -> Searched:
    await search(questions[0].text)  # opens what has to be opened
    began, rankings = time.process_time(), {}
    for question in questions:
        rankings[question.id] = await search(question.text)
    return Searched(rankings, (time.process_time() - began) * 1000 / len(questions))


async def eva(
    index: EmbeddedPassageIndex, collection: Collection, weight: float | None
) -> Searched:
    """Search as the service does; with a weight of 0 the lexical leg alone."""
    space = Partition("ten_bench", f"spc_{collection.name}")

    async def search(text: str) -> list[str]:
        found = await index.search(space, text, limit=DEPTH)
        ranked = fuse(found) if weight is None else fuse(found, weight)
        return [named(collection, one.candidate) for one in ranked]

    return await timed(collection.questions, search)


def named(collection: Collection, candidate: Candidate) -> str:
    number = int(candidate.passage.document_id.removeprefix("doc_"))
    return collection.documents[number].id


async def fts5(collection: Collection) -> Searched:
    """SQLite's own BM25: Porter stems, no accents, our stop words left out of the question."""
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute(
            "CREATE VIRTUAL TABLE d USING fts5(title, body,"
            " tokenize='porter unicode61 remove_diacritics 2')"
        )
        rows = [(d.title, d.text) for d in collection.documents]
        connection.executemany("INSERT INTO d VALUES (?, ?)", rows)

        async def search(text: str) -> list[str]:
            words = [w for w in WORD.findall(text.lower().replace("\u2019", "'")) if w not in STOP]
            if not words:
                return []
            found = connection.execute(
                "SELECT rowid FROM d WHERE d MATCH ? ORDER BY bm25(d, 2.0, 1.0) LIMIT ?",
                (" OR ".join(f'"{w}"' for w in words), DEPTH),
            )
            return [collection.documents[n - 1].id for (n,) in found]

        return await timed(collection.questions, search)


async def bm25s_peer(collection: Collection) -> Searched | None:
    """Rank with the library bm25s (Lucene's BM25, Snowball stems); None if it is not installed."""
    try:
        import bm25s
        import Stemmer
    except ImportError:
        return None
    stem = Stemmer.Stemmer("french" if collection.language == "fr" else "english")
    texts = [f"{d.title} {d.text}" for d in collection.documents]
    options = {"stopwords": sorted(STOP), "stemmer": stem, "show_progress": False}
    retriever = bm25s.BM25(method="lucene", k1=1.2, b=0.75)
    retriever.index(bm25s.tokenize(texts, **options), show_progress=False)
    depth = min(DEPTH, len(texts))

    async def search(text: str) -> list[str]:
        tokens = bm25s.tokenize([text], **options)
        places, _ = retriever.retrieve(tokens, k=depth, show_progress=False)
        return [collection.documents[int(n)].id for n in places[0]]

    return await timed(collection.questions, search)


async def answers(
    index: EmbeddedPassageIndex, collection: Collection, foreign: Sequence[str]
) -> dict[str, float]:
    """Answer every question, and questions that the collection can't answer; judge both."""
    composer = ExtractiveComposer(SnowballAnalyzer())
    space = Partition("ten_bench", f"spc_{collection.name}")
    texts = {f"doc_{n}": d.text.encode() for n, d in enumerate(collection.documents)}

    async def read(candidate: Candidate, start: int, end: int) -> bytes:
        return texts[candidate.passage.document_id][start:end]

    async def ask(text: str) -> Answered:
        found = await index.search(space, text, limit=50)
        asking = Asking(question=text, found=(found,), composer=composer, reader=read)
        return await answer(asking)

    began = time.process_time()
    made = {q.id: await ask(q.text) for q in collection.questions}
    cpu_ms = (time.process_time() - began) * 1000 / len(made)
    absent = [q.text for q in collection.questions if not q.relevant] + list(foreign)
    refused = [(await ask(text)).answer.band is not Band.ANSWER for text in absent]
    return {**_judged(collection, made, texts), "refused": mean(refused), "ask_ms": cpu_ms}


def _judged(
    collection: Collection, made: Mapping[str, Answered], texts: Mapping[str, bytes]
) -> dict[str, float]:
    known = [q for q in collection.questions if q.relevant]
    with_text = [q for q in known if q.answers]
    citations = [c for one in made.values() for c in one.answer.citations]
    exact = [texts[c.document_id][c.byte_start : c.byte_end].decode() == c.quote for c in citations]
    sentences = [s for one in made.values() for s in one.answer.sentences]
    return {
        "answered": mean([made[q.id].answer.band is Band.ANSWER for q in known]),
        "first": mean([_holds(q, made[q.id], 1) for q in with_text]),
        "whole": mean([_holds(q, made[q.id], None) for q in with_text]),
        "exact": mean(exact),
        "cited": mean([bool(s.citations) for s in sentences]),
    }


def _holds(question: Question, answered: Answered, sentences: int | None) -> bool:
    text = " ".join(s.text for s in answered.answer.sentences[:sentences])
    return any(wanted.casefold() in text.casefold() for wanted in question.answers)


async def report(collections: Sequence[Collection]) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    with tempfile.TemporaryDirectory() as folder:
        sandbox = Sandbox()
        async with open_index(Path(folder), sandbox) as index:
            for collection in collections:
                print(f"{collection.name} …", file=sys.stderr)
                rows.append(await measured(index, collection, collections))
        await sandbox.aclose()
    return rows


async def measured(
    index: EmbeddedPassageIndex, collection: Collection, others: Sequence[Collection]
) -> dict[str, object]:
    await indexed(index, collection)
    engines = {
        "EVA": await eva(index, collection, None),
        "EVA, BM25 alone": await eva(index, collection, 0.0),
        "SQLite FTS5": await fts5(collection),
        "bm25s": await bm25s_peer(collection),
    }
    foreign = [
        q.text
        for other in others
        if other.language == collection.language and other.name != collection.name
        for q in other.questions[:50]
    ]
    return {
        "collection": collection.name,
        "language": collection.language,
        "documents": len(collection.documents),
        "questions": len(collection.questions),
        "engines": {
            name: {**quality(one.rankings, collection.questions), "cpu_ms": one.cpu_ms}
            for name, one in engines.items()
            if one is not None
        },
        "answers": await answers(index, collection, foreign),
    }


def table(rows: Sequence[Mapping[str, object]]) -> None:
    print(f"\n{'nDCG@10 (recall@100), CPU ms':30}", *(f"{r['collection']:>22}" for r in rows))
    for name in ("EVA", "EVA, BM25 alone", "SQLite FTS5", "bm25s"):
        cells = [row["engines"].get(name) for row in rows]
        shown = [
            f"{c['ndcg']:.3f} ({c['recall']:.3f}) {c['cpu_ms']:5.2f}" if c else "not installed"
            for c in cells
        ]
        print(f"{name:30}", *(f"{cell:>22}" for cell in shown))
    print(f"\n{'answers':30}", *(f"{r['collection']:>22}" for r in rows))
    for key, what in ANSWERS.items():
        print(f"{what:30}", *(f"{r['answers'][key]:>22.3f}" for r in rows))


ANSWERS = {
    "answered": "answerable, answered",
    "first": "answer in the first sentence",
    "whole": "answer in the whole answer",
    "refused": "unanswerable, not answered",
    "exact": "citations exact",
    "cited": "sentences with a citation",
    "ask_ms": "CPU ms a question",
}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    data = os.environ.get("EVA_RETRIEVAL_DATA", DEFAULT)
    parser.add_argument("--data", type=Path, default=Path(data), help="folder of collections")
    parser.add_argument("--only", action="append", help="this collection; may be repeated")
    parser.add_argument("--json", type=Path, help="write everything as JSON too")
    said = parser.parse_args()
    folders = sorted(path.parent for path in OWN.glob("*/META.json"))
    if said.data.is_dir():
        folders += sorted(path.parent for path in said.data.glob("*/META.json"))
    else:
        print(f"!! NOT MEASURED: no collections in {said.data} (EVA_RETRIEVAL_DATA)")
    collections = [load(f) for f in folders if not said.only or f.name in said.only]
    rows = asyncio.run(report(collections))
    table(rows)
    if said.json:
        said.json.write_text(json.dumps(rows, indent=2))


if __name__ == "__main__":
    main()
