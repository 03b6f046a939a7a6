"""Blobs as files: streamed aside, synced, and only then moved to where they are found."""

import asyncio
import contextlib
import hashlib
import os
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from pathlib import Path
from typing import TypeVar, TypeVarTuple

from app.adapters.batching import batches
from app.adapters.embedded.draft import Draft
from app.adapters.embedded.failures import file_errors
from app.adapters.embedded.layout import Layout, blobs_below
from app.core.errors import NotFoundError
from app.core.models import Partition, VersionRef
from app.core.ports import BlobInfo, BlobPart

T = TypeVar("T")
Ts = TypeVarTuple("Ts")
_THREADS = 4
_BATCH = 1 << 20  # bytes held of an upload before they are written
_CHUNK = 256 << 10  # bytes of a download held at a time
_INLINE = 64 << 10  # bytes read on the event loop at once: below a thread's hop


class FileBlobStore:
    """`BlobStore` on a folder; what is returned has been synced, folders included."""

    def __init__(self, layout: Layout, drafts: Path) -> None:
        self._layout = layout
        self._drafts = drafts
        self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="eva-blobs")

    async def put(
        self, ref: VersionRef, part: BlobPart, data: AsyncIterator[bytes], *, max_bytes: int
    ) -> BlobInfo:
        """Store a part, holding no more than a batch of it in memory."""
        target = self._layout.blob(ref, part)
        draft = Draft(self._drafts)
        try:
            async for batch in batches(data, _BATCH, max_bytes=max_bytes):
                await self._aside(draft.write, batch)
            return await self._aside(draft.publish, self._layout, target)
        except BaseException:
            await asyncio.shield(self._aside(draft.discard))
            raise

    async def read(self, ref: VersionRef, part: BlobPart) -> AsyncIterator[bytes]:
        """Stream a part in chunks of 256 KiB."""
        handle = _open(self._layout.blob(ref, part))
        try:
            offset = 0
            while chunk := await self._aside(os.pread, handle, _CHUNK, offset):
                yield chunk
                offset += len(chunk)
        finally:
            os.close(handle)

    async def read_range(self, ref: VersionRef, part: BlobPart, start: int, end: int) -> bytes:
        """Return a slice; a short one is read at once."""
        path = self._layout.blob(ref, part)
        if not 0 <= start <= end:
            raise ValueError("a range starts at 0 or later and does not end before it starts")
        if end - start <= _INLINE:
            return _slice(path, start, end)
        return await self._aside(_slice, path, start, end)

    async def read_text(self, ref: VersionRef, start: int, end: int) -> bytes:
        """Return a slice, read now."""
        return await self.read_range(ref, "text", start, end)

    async def info(self, ref: VersionRef, part: BlobPart) -> BlobInfo | None:
        """Hash what lies there."""
        path = self._layout.blob(ref, part)
        return await self._aside(_hashed, path)

    def local(self, ref: VersionRef, part: BlobPart) -> AbstractAsyncContextManager[Path]:
        """Lend the very file."""
        return _lent(self._layout.blob(ref, part))

    async def delete(self, partition: Partition, document_id: str) -> int:
        """Remove a document's folder."""
        path = self._layout.document(partition, document_id)
        return await self._aside(self._layout.remove, path)

    async def drop(self, partition: Partition) -> int:
        """Remove a space's folder."""
        path = self._layout.space(partition)
        return await self._aside(self._layout.remove, path)

    async def stored_before(self, moment: datetime) -> AsyncIterator[VersionRef]:
        """Walk the folders, a space at a time."""
        for space in await self._aside(self._layout.spaces):
            for ref in await self._aside(self._layout.versions, space, moment.timestamp()):
                yield ref

    async def discard(self, ref: VersionRef) -> int:
        """Remove the version's files."""
        return await self._aside(self._layout.discard, ref)

    async def count(self, partition: Partition, document_id: str | None = None) -> int:
        """Count files."""
        if document_id is None:
            path = self._layout.space(partition)
        else:
            path = self._layout.document(partition, document_id)
        return await self._aside(blobs_below, path)

    async def ping(self) -> None:
        """Write a draft and throw it away."""
        draft = Draft(self._drafts)
        try:
            await self._aside(draft.write, b"ping")
        finally:
            await self._aside(draft.discard)

    async def close(self) -> None:
        """Wait for what runs."""
        await asyncio.to_thread(self._pool.shutdown)

    async def _aside(self, work: Callable[[*Ts], T], *arguments: *Ts) -> T:
        with file_errors():
            return await asyncio.get_running_loop().run_in_executor(self._pool, work, *arguments)


@contextlib.asynccontextmanager
async def _lent(path: Path) -> AsyncIterator[Path]:
    os.close(_open(path))
    yield path


def _open(path: Path) -> int:
    with file_errors():
        try:
            return os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            raise NotFoundError from None


def _slice(path: Path, start: int, end: int) -> bytes:
    handle = _open(path)
    try:
        with file_errors():
            return os.pread(handle, end - start, start)
    finally:
        os.close(handle)


def _hashed(path: Path) -> BlobInfo | None:
    digest, size = hashlib.sha256(), 0
    try:
        with path.open("rb", buffering=0) as file:
            while chunk := file.read(_BATCH):
                digest.update(chunk)
                size += len(chunk)
    except FileNotFoundError:
        return None
    return BlobInfo(size, digest.hexdigest())
