"""The bytes of documents, and reading text out of them."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal, Protocol, TypeAlias

from app.core.models import (
    Extraction,
    Partition,
    VersionRef,
)

BlobPart: TypeAlias = Literal["original", "text", "map"]


@dataclass(frozen=True, slots=True)
class BlobInfo:
    """What a stored blob is."""

    size_bytes: int
    sha256: str


class BlobStore(Protocol):
    """Bytes of document versions, in named parts."""

    async def put(
        self, ref: VersionRef, part: BlobPart, data: AsyncIterator[bytes], *, max_bytes: int
    ) -> BlobInfo:
        """Store a part, streaming; durable on return, replaces, never half-stored.

        Raises TooLargeError as soon as more than `max_bytes` came, and keeps nothing.
        """

    def read(self, ref: VersionRef, part: BlobPart) -> AsyncIterator[bytes]:
        """Stream a part; raises NotFoundError before the first chunk."""

    async def read_range(self, ref: VersionRef, part: BlobPart, start: int, end: int) -> bytes:
        """Return bytes `[start, end)`, fewer at the end of the blob; raises NotFoundError."""

    async def read_text(self, ref: VersionRef, start: int, end: int) -> bytes:
        """Return bytes `[start, end)` of a version's text, as read at most a minute ago.

        So long it may be told by one process after another deleted it: ask the records besides.
        """

    async def info(self, ref: VersionRef, part: BlobPart) -> BlobInfo | None:
        """Return a part's size and hash (recomputed from what is stored), None if absent."""

    def local(self, ref: VersionRef, part: BlobPart) -> AbstractAsyncContextManager[Path]:
        """Lend the part as a local file to be read; raises NotFoundError."""

    async def delete(self, partition: Partition, document_id: str) -> int:
        """Delete every part of every version of a document; return how many blobs."""

    async def drop(self, partition: Partition) -> int:
        """Delete every blob of a space; return how many."""

    def stored_before(self, moment: datetime) -> AsyncIterator[VersionRef]:
        """Yield the versions all of whose parts were stored before then, of every tenant.

        For maintenance, never for a request.
        """

    async def discard(self, ref: VersionRef) -> int:
        """Delete every part of one version; return how many blobs."""

    async def count(self, partition: Partition, document_id: str | None = None) -> int:
        """Return how many blobs a space, or a document of it, has."""

    async def ping(self) -> None:
        """Raise UnavailableError if blobs can't be written."""


class Extractor(Protocol):
    """Reads text out of files, under limits, away from this process."""

    def media_type(self, filename: str, head: bytes) -> str:
        """Return the media type by content and name; raises UnsupportedTypeError."""

    async def extract(
        self, path: Path, media_type: str, *, progress: Callable[[float], None] | None = None
    ) -> Extraction:
        """Read a file; raises ExtractionFailedError with a `FailureReason`.

        `progress` is told the share done (0..1, rising) now and then, on the event loop.
        """
