"""A blob on its way up."""

import asyncio
import hashlib
import io
import uuid

from azure.storage.blob import BlobBlock
from azure.storage.blob.aio import BlobClient

from app.adapters.azure.blobs.failing import SHA256, blob_errors
from app.core.ports import BlobInfo

_AT_ONCE = 1 << 20  # the most bytes that go up as one blob, without blocks


class Upload:
    """One blob on its way: in one request if it is small, else in blocks of an id of our own.

    Two uploads to one address do not mix: the one that commits last wins, or fails. Blocks that
    are never committed can't be read by anyone, and the service throws them away within a week.
    """

    def __init__(self, blob: BlobClient) -> None:
        self._blob = blob
        self._mark = uuid.uuid4().hex
        self._digest = hashlib.sha256()
        self._size = 0
        self._held = b""
        self._blocks: list[str] = []

    async def add(self, piece: bytes) -> None:
        """Take the next piece; it goes up once another one follows."""
        await asyncio.to_thread(self._digest.update, piece)
        self._size += len(piece)
        if self._held:
            await self._stage()
        self._held = piece

    async def finish(self) -> BlobInfo:
        """Make what was taken the blob's content."""
        found = BlobInfo(self._size, self._digest.hexdigest())
        metadata = {SHA256: found.sha256}
        with blob_errors():
            if self._blocks or len(self._held) > _AT_ONCE:
                await self._stage()
                blocks = [BlobBlock(one) for one in self._blocks]
                await self._blob.commit_block_list(blocks, metadata=metadata)
            else:
                await self._blob.upload_blob(self._held, overwrite=True, metadata=metadata)
        return found

    async def _stage(self) -> None:
        block = f"{self._mark}-{len(self._blocks):06d}"
        self._blocks.append(block)
        with blob_errors():
            data = io.BytesIO(self._held)  # as bytes, it would block the event loop
            await self._blob.stage_block(block, data, length=len(self._held))
