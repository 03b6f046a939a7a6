"""`PassageIndex` on one file a space, searched in memory.

Files are the truth; what is in memory follows them. Everything that may take long runs on threads
of its own, and the analysis of large versions in a process of its own.
"""

import asyncio
import contextlib
import os
import re
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar, TypeVarTuple

import orjson

from app.adapters.embedded.index import files, store
from app.adapters.embedded.index.analysing import Analysed, analysed
from app.adapters.embedded.index.analyzer import SnowballAnalyzer
from app.adapters.embedded.index.failures import index_errors
from app.adapters.embedded.index.meaning import Meaning
from app.adapters.embedded.index.searching import Wanted, search, search_in
from app.adapters.embedded.index.shelf import Shelf
from app.adapters.embedded.index.space import Space
from app.core.errors import InvalidInputError, NotFoundError
from app.core.filters import Attributes, Filter
from app.core.models import Extraction, Partition, VersionRef
from app.core.ports import Found

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

_ID = re.compile(r"[a-z0-9][a-z0-9_-]{0,99}", re.ASCII)
_WRITERS, _SEARCHERS = 4, 2  # threads
_AT_ONCE = 6_000  # passages of a space that are searched without a thread's hop: in about 1 ms …
_DEARER = 3  # … that a filter or a vector takes so many times as long for
_FEW = 16  # passages that are analysed on a thread: about 5 ms
_ANALYSIS_S = 300.0


class Runner(Protocol):
    """Runs a pure function elsewhere, as `app.adapters.sandbox.Sandbox` does."""

    async def run(self, function: Callable[..., T], *args: object, timeout_s: float) -> T:
        """Return what the function returns."""


@dataclass(frozen=True, slots=True)
class Means:
    """What the index works with; `busy_s` is how long a write waits for others."""

    runner: Runner
    shelf: Shelf
    meaning: Meaning
    busy_s: float


class EmbeddedPassageIndex:
    """`PassageIndex` on a folder that several processes may use."""

    def __init__(self, root: Path, means: Means) -> None:
        self._root = root
        self._runner = means.runner
        self._shelf = means.shelf
        self._meaning = means.meaning
        self._busy_s = means.busy_s
        self._analyzer = SnowballAnalyzer()
        self._writers = ThreadPoolExecutor(_WRITERS, thread_name_prefix="eva-index-write")
        self._searchers = ThreadPoolExecutor(_SEARCHERS, thread_name_prefix="eva-index-search")
        self._guard = threading.Lock()
        self._compacting: set[Path] = set()
        self._closing = False

    @property
    def memory_bytes(self) -> int:
        """Return about how much memory the open spaces take."""
        return self._shelf.size_bytes

    async def stage(self, ref: VersionRef, title: str, extraction: Extraction) -> int:
        """Analyse and store a version."""
        path = self._path(ref.partition)
        texts = [extraction.text[span.start : span.end] for span in extraction.passages]
        sections = [span.section or "" for span in extraction.passages]
        postings, said = await self._analysed(texts, sections)
        new = store.NewVersion(
            document_id=ref.document_id,
            version=ref.version,
            title=title,
            language=extraction.language,
            postings=postings,
            spans=extraction.passages,
            texts=texts,
            said=said,
            vectors=await self._meaning.of_passages(texts, extraction.language),
        )
        await self._write(path, store.stage, new)
        return len(texts)

    async def activate(self, ref: VersionRef, attributes: Attributes) -> None:
        """Switch to a version; raises NotFoundError if it is neither staged nor visible."""
        path, encoded = self._path(ref.partition), orjson.dumps(attributes)
        if not path.exists() or not await self._write(
            path, store.activate, ref.document_id, ref.version, encoded
        ):
            raise NotFoundError(id=ref.document_id)

    async def describe(
        self, partition: Partition, document_id: str, title: str, attributes: Attributes
    ) -> None:
        """Replace what the document is titled and filtered by."""
        path, encoded = self._path(partition), orjson.dumps(attributes)
        if path.exists():
            await self._write(path, store.describe, document_id, title, encoded)

    async def remove(self, partition: Partition, document_id: str) -> int:
        """Remove a document's passages and overwrite where they stood."""
        path = self._path(partition)
        if not path.exists():
            return 0
        return await self._write(path, store.remove, document_id, sweep=True)

    async def drop(self, partition: Partition) -> int:
        """Remove the space's file."""
        passages = await self.count(partition)
        await self._on(self._writers, self._dropped, self._path(partition))
        return passages

    async def count(self, partition: Partition, document_id: str | None = None) -> int:
        """Count what the file has."""
        path = self._path(partition)
        return await self._on(self._searchers, _count, path, self._busy_s, document_id)

    async def search(
        self, partition: Partition, question: str, *, limit: int, where: Filter | None = None
    ) -> Found:
        """Search a small space at once, a large one or one that has changed on a thread."""
        vector = await self._meaning.of_question(question)
        terms = self._analyzer.terms(question)
        wanted = Wanted(partition.space_id, terms, limit, where, vector, self._meaning.near)
        path = self._path(partition)
        with index_errors():
            found = self._at_once(path, wanted)
            if found is None:
                found = await self._on(self._searchers, self._searched, path, wanted)
        return found

    async def ping(self) -> None:
        """Write a file and throw it away."""
        await self._on(self._writers, _touch, self._root)

    async def close(self) -> None:
        """Wait for what runs, and close every file."""
        self._closing = True
        for pool in (self._searchers, self._writers):
            await asyncio.to_thread(pool.shutdown)
        self._shelf.close()

    def _at_once(self, path: Path, wanted: Wanted) -> Found | None:
        """Search a small space that is open and up to date; None if it is anything else."""
        if not self._shelf.has(path):
            return None
        with self._shelf.lend(path) as space:
            dearer = _DEARER if wanted.where is not None or wanted.vector is not None else 1
            if space.snapshot.passages * dearer > _AT_ONCE or not space.is_current():
                return None
            return search_in(space, space.snapshot, wanted)

    def _searched(self, path: Path, wanted: Wanted) -> Found:
        """Search on a thread; the space is lent there, so that a cancelled caller takes nothing."""
        with self._shelf.lend(path) as space:
            found = search(space, wanted)
            self._compact(path, space)
        return found

    def _path(self, partition: Partition) -> Path:
        for name in (partition.tenant_id, partition.space_id):
            if not _ID.fullmatch(name):
                raise InvalidInputError(pointer="id", reason="is not an id of this service")
        return self._root.joinpath(partition.tenant_id, f"{partition.space_id}.db")

    async def _analysed(self, texts: Sequence[str], sections: Sequence[str]) -> Analysed:
        if len(texts) <= _FEW:
            return await self._on(self._writers, analysed, texts, sections)
        return await self._runner.run(analysed, texts, sections, timeout_s=_ANALYSIS_S)

    async def _write(
        self, path: Path, work: Callable[..., T], *arguments: object, sweep: bool = False
    ) -> T:
        return await self._on(
            self._writers, lambda: self._written(path, work, *arguments, sweep=sweep)
        )

    def _written(self, path: Path, work: Callable[..., T], *arguments: object, sweep: bool) -> T:
        """Change the file; if it is open, let the next search find it up to date."""
        with files.writing(path, self._busy_s, sweep=sweep) as connection:
            outcome = work(connection, *arguments)
        if self._shelf.has(path):
            with self._shelf.lend(path) as space:
                space.refresh()
                self._compact(path, space)
        return outcome

    def _dropped(self, path: Path) -> None:
        self._shelf.forget(path)
        files.erase(path, self._busy_s)

    def _compact(self, path: Path, space: Space) -> None:
        """Join the space's small segments, if it has some, in the background; once at a time."""
        with self._guard:
            if self._closing or path in self._compacting or not space.needs_compacting():
                return
            self._compacting.add(path)
        self._writers.submit(self._compacted, path)

    def _compacted(self, path: Path) -> None:
        try:
            with self._shelf.lend(path) as space:
                space.compact()
        finally:
            with self._guard:
                self._compacting.discard(path)

    async def _on(self, pool: ThreadPoolExecutor, work: Callable[[*Ts], T], *arguments: *Ts) -> T:
        with index_errors():
            return await asyncio.get_running_loop().run_in_executor(pool, work, *arguments)


def _count(path: Path, busy_s: float, document_id: str | None) -> int:
    connection = files.reading(path, busy_s)
    if connection is None:
        return 0
    with contextlib.closing(connection):
        return store.count(connection, document_id)


def _touch(root: Path) -> None:
    probe = root / f".ping-{os.urandom(8).hex()}"
    try:
        probe.write_bytes(b"ping")
    finally:
        probe.unlink(missing_ok=True)
