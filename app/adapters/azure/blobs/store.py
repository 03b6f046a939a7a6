"""Blobs in a container: one for each part of a version, at the address that the part has.

Writing replaces, so a write that is repeated because its answer was lost does no harm. Large
parts go up in blocks that nobody sees before they are committed together.
"""

import asyncio
import contextlib
import hashlib
import tempfile
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from pathlib import Path
from typing import get_args

from azure.core.exceptions import HttpResponseError
from azure.storage.blob.aio import ContainerClient

from app.adapters.azure import failures
from app.adapters.azure.blobs.failing import DEPENDENCY, blob_errors
from app.adapters.azure.blobs.pieces import PIECE, pieces
from app.adapters.azure.blobs.texts import Texts
from app.adapters.azure.blobs.upload import Upload
from app.adapters.batching import batches
from app.core.errors import InvalidInputError, NotFoundError, UnavailableError
from app.core.ids import required
from app.core.models import Partition, VersionRef
from app.core.ports import BlobInfo, BlobPart

_BATCH = 256  # the most blobs that one request may delete
_PROBE = "_ping"  # no id starts like this
_PARTS = frozenset(get_args(BlobPart))


class AzureBlobStore:
    """`BlobStore` on a container.

    A reader of a part that is replaced by other content meanwhile gets UnavailableError once it
    has read more than 4 MiB; versions never change, so only their text could be made anew.
    """

    def __init__(self, container: ContainerClient) -> None:
        self._container = container
        self._texts = Texts()

    async def put(
        self, ref: VersionRef, part: BlobPart, data: AsyncIterator[bytes], *, max_bytes: int
    ) -> BlobInfo:
        """Store a part, holding no more than two pieces of it in memory."""
        name = _name(ref, part)
        upload = Upload(self._container.get_blob_client(name))
        try:
            async for piece in batches(data, PIECE, max_bytes=max_bytes):
                await upload.add(piece)
            return await upload.finish()
        finally:
            self._texts.forget(name)

    async def read(self, ref: VersionRef, part: BlobPart) -> AsyncIterator[bytes]:
        """Stream a part in pieces of 4 MiB."""
        blob = self._container.get_blob_client(_name(ref, part))
        async for piece in pieces(blob):
            yield piece

    async def read_range(self, ref: VersionRef, part: BlobPart, start: int, end: int) -> bytes:
        """Return a slice, asked for as such."""
        if not 0 <= start <= end:
            raise ValueError("a range starts at 0 or later and does not end before it starts")
        blob = self._container.get_blob_client(_name(ref, part))
        with blob_errors():
            if start == end:
                await blob.get_blob_properties()
                return b""
            try:
                found = await blob.download_blob(start, end - start)
                return await found.readall()
            except HttpResponseError as error:
                if failures.code(error) == "InvalidRange":  # it begins behind the end
                    return b""
                raise

    async def read_text(self, ref: VersionRef, start: int, end: int) -> bytes:
        """Return a slice of pieces that may be up to a minute old."""

        async def read(first: int, last: int) -> bytes:
            return await self.read_range(ref, "text", first, last)

        return await self._texts.slice(_name(ref, "text"), start, end, read)

    async def info(self, ref: VersionRef, part: BlobPart) -> BlobInfo | None:
        """Read what is stored, to hash it."""
        digest, size = hashlib.sha256(), 0
        try:
            async for piece in self.read(ref, part):
                await asyncio.to_thread(digest.update, piece)
                size += len(piece)
        except NotFoundError:
            return None
        return BlobInfo(size, digest.hexdigest())

    def local(self, ref: VersionRef, part: BlobPart) -> AbstractAsyncContextManager[Path]:
        """Lend a copy."""
        return _lent(self.read(ref, part))

    async def delete(self, partition: Partition, document_id: str) -> int:
        """Delete what begins with the document's address."""
        return await self._remove(f"{_space(partition)}{required(document_id)}/")

    async def drop(self, partition: Partition) -> int:
        """Delete what begins with the space's address."""
        return await self._remove(_space(partition))

    async def stored_before(self, moment: datetime) -> AsyncIterator[VersionRef]:
        """List the container, in order of names: a version's parts come one after the other."""
        with blob_errors():
            last, old = None, False
            async for blob in self._container.list_blobs():
                ref = _address(blob.name)
                if last is not None and ref != last and old:
                    yield last
                old = blob.last_modified < moment and (ref != last or old)
                last = ref
            if last is not None and old:
                yield last

    async def discard(self, ref: VersionRef) -> int:
        """Delete what begins with the version's address."""
        return await self._remove(_name(ref, "original").removesuffix("original"))

    async def count(self, partition: Partition, document_id: str | None = None) -> int:
        """List and count."""
        prefix = _space(partition)
        if document_id is not None:
            prefix += f"{required(document_id)}/"
        with blob_errors():
            names = self._container.list_blob_names(name_starts_with=prefix)
            return sum([1 async for _ in names])

    async def ping(self) -> None:
        """Write an empty blob outside every space."""
        with blob_errors():
            await self._container.get_blob_client(_PROBE).upload_blob(b"", overwrite=True)

    async def _remove(self, prefix: str) -> int:
        """Delete in batches; one that is gone already was deleted by our own repeated request."""
        try:
            return await self._deleted(prefix)
        finally:
            self._texts.forget(prefix)

    async def _deleted(self, prefix: str) -> int:
        with blob_errors():
            listed = self._container.list_blob_names(name_starts_with=prefix)
            names = [name async for name in listed]
            for start in range(0, len(names), _BATCH):
                done = await self._container.delete_blobs(
                    *names[start : start + _BATCH],
                    delete_snapshots="include",
                    raise_on_any_failure=False,
                )
                async for answer in done:
                    if answer.status_code not in (202, 404):
                        raise UnavailableError(dependency=DEPENDENCY, retry_after=1)
        return len(names)


@contextlib.asynccontextmanager
async def _lent(data: AsyncIterator[bytes]) -> AsyncIterator[Path]:
    with tempfile.NamedTemporaryFile(prefix="eva-") as file:
        async for piece in data:
            await asyncio.to_thread(file.write, piece)
        await asyncio.to_thread(file.flush)
        yield Path(file.name)


def _name(ref: VersionRef, part: BlobPart) -> str:
    if part not in _PARTS or ref.version < 0:
        raise InvalidInputError(pointer="part", reason="is not a part of a version")
    return f"{_space(ref.partition)}{required(ref.document_id)}/{ref.version}.{part}"


def _address(name: str) -> VersionRef | None:
    """Return whose part a blob is; None for a blob of another kind."""
    match name.split("/"):
        case [tenant_id, space_id, document_id, part]:
            number = part.partition(".")[0]
            return VersionRef(
                tenant_id=tenant_id,
                space_id=space_id,
                document_id=document_id,
                version=int(number),
            )
        case _:
            return None


def _space(partition: Partition) -> str:
    return f"{required(partition.tenant_id)}/{required(partition.space_id)}/"
