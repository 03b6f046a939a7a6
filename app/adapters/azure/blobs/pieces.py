"""A blob on its way down, in pieces of one revision."""

from collections.abc import AsyncIterator
from typing import Any

from azure.core import MatchConditions
from azure.core.exceptions import HttpResponseError, ResourceModifiedError
from azure.storage.blob import BlobProperties
from azure.storage.blob.aio import BlobClient

from app.adapters.azure import failures
from app.adapters.azure.blobs.failing import SHA256, blob_errors

PIECE = 4 << 20  # bytes of a transfer held at a time


async def pieces(blob: BlobClient) -> AsyncIterator[bytes]:
    """Yield the blob's content; the same content stored anew meanwhile is as good.

    NotFoundError before the first piece; UnavailableError when other content took its place.
    """
    known: BlobProperties | None = None
    start = 0
    while True:
        with blob_errors():
            known, piece = await _next(blob, start, known)
        yield piece
        start += len(piece)
        if len(piece) < PIECE:
            return


Piece = tuple[BlobProperties | None, bytes]


async def _next(blob: BlobClient, start: int, known: BlobProperties | None) -> Piece:
    """Return the piece of the revision that is known, and of which it is; b"" at its end."""
    try:
        return await _piece(blob, start, known)
    except ResourceModifiedError:
        now = await blob.get_blob_properties()
        if known is None or now.metadata.get(SHA256) != known.metadata.get(SHA256, ""):
            raise
        return await _piece(blob, start, now)


async def _piece(blob: BlobClient, start: int, known: BlobProperties | None) -> Piece:
    only: dict[str, Any] = {}
    if known is not None:
        only = {"etag": known.etag, "match_condition": MatchConditions.IfNotModified}
    try:
        found = await blob.download_blob(start, PIECE, **only)
        return found.properties, await found.readall()
    except HttpResponseError as error:
        if failures.code(error) == "InvalidRange":  # the blob is empty, or ended with a piece
            return known, b""
        raise
