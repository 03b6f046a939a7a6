"""A stream of bytes in pieces that are worth a write."""

from collections.abc import AsyncIterator

from app.core.errors import TooLargeError


async def batches(data: AsyncIterator[bytes], size: int, *, max_bytes: int) -> AsyncIterator[bytes]:
    """Gather chunks, however small, into pieces of at least `size` bytes; the last may be shorter.

    Raises TooLargeError as soon as more than `max_bytes` came.
    """
    held = bytearray()
    total = 0
    async for chunk in data:
        total += len(chunk)
        if total > max_bytes:
            raise TooLargeError(limit_bytes=max_bytes)
        if not held and len(chunk) >= size:
            yield chunk
            continue
        held += chunk
        if len(held) >= size:
            yield bytes(held)
            held.clear()
    if held:
        yield bytes(held)
