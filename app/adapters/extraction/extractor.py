"""The `Extractor` port over a sandbox: one child process a file, and the right reason."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import astuple
from pathlib import Path

from app.adapters.extraction import media, task
from app.adapters.extraction.packing import unpack
from app.adapters.extraction.reading import Caps, failure
from app.adapters.sandbox import Reason, Sandbox, SandboxError
from app.core.errors import UnavailableError
from app.core.models import Extraction, FailureReason

_RETRY_AFTER_S = 5
_LOG = logging.getLogger(__name__)
_BLAMED = {
    Reason.TIMEOUT: FailureReason.TIMEOUT,
    Reason.CPU: FailureReason.TOO_COMPLEX,
    Reason.MEMORY: FailureReason.TOO_COMPLEX,
    Reason.CRASHED: FailureReason.MALFORMED,
    Reason.RAISED: FailureReason.INTERNAL,
}


class SandboxExtractor:
    """Reads files in a sandbox that has `PRELOAD` loaded, each for at most `timeout_s`."""

    def __init__(self, sandbox: Sandbox, caps: Caps, timeout_s: float) -> None:
        self._sandbox = sandbox
        self._caps = caps
        self._timeout_s = timeout_s

    def media_type(self, filename: str, head: bytes) -> str:
        """Return the media type by content and name; raises UnsupportedTypeError."""
        return media.media_type(filename, head)

    async def extract(
        self, path: Path, media_type: str, *, progress: Callable[[float], None] | None = None
    ) -> Extraction:
        """Read a file; raises ExtractionFailedError, UnavailableError if the sandbox failed."""
        if media_type not in task.READERS:
            raise failure(FailureReason.UNSUPPORTED)
        absolute = str(path.absolute())  # noqa: ASYNC240 - no input or output
        try:
            packed = await self._sandbox.run(
                task.extract,
                *(absolute, media_type, astuple(self._caps)),
                timeout_s=self._timeout_s,
                on_progress=progress,
            )
        except SandboxError as error:
            raise await self._explain(error, absolute, media_type) from error
        if len(packed) == 1:
            raise failure(FailureReason(packed[0]))
        return await asyncio.to_thread(unpack, packed)

    async def _explain(self, error: SandboxError, path: str, media_type: str) -> Exception:
        if error.reason is Reason.LOST:
            return UnavailableError(dependency="extraction", retry_after=_RETRY_AFTER_S)
        if error.reason is Reason.RAISED:  # the type only: a message may quote the document
            _LOG.error("reading %s raised %s", media_type, error.detail.partition(":")[0])
        elif media_type == media.PDF and await self._is_bomb(path):
            return failure(FailureReason.BOMB)
        return failure(_BLAMED[error.reason])

    async def _is_bomb(self, path: str) -> bool:
        try:
            return await self._sandbox.run(task.is_bomb, path, timeout_s=self._timeout_s)
        except SandboxError:
            return False
