"""A blob on its way in: written and hashed aside, moved to its place whole or never."""

import hashlib
import os
import threading
from pathlib import Path

from app.adapters.embedded import folder
from app.adapters.embedded.layout import Layout
from app.core.ports import BlobInfo


class Draft:
    """One unfinished blob. Its methods block, and run on threads, one after the other."""

    def __init__(self, drafts: Path) -> None:
        self._path = drafts / os.urandom(8).hex()
        self._hash = hashlib.sha256()
        self._size = 0
        self._handle: int | None = None
        self._done = False
        self._turn = threading.Lock()  # a cancelled caller discards while a write still runs

    def write(self, data: bytes) -> None:
        """Append."""
        with self._turn:
            if self._done:
                return
            if self._handle is None:
                flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
                self._handle = os.open(self._path, flags, 0o600)
            self._hash.update(data)
            self._size += len(data)
            rest = memoryview(data)
            while rest:
                rest = rest[os.write(self._handle, rest) :]

    def publish(self, layout: Layout, target: Path) -> BlobInfo:
        """Make it durable and move it to its place, durably too."""
        self.write(b"")  # an empty blob is a file as well
        with self._turn:
            if not self._done and self._handle is not None:
                folder.flush(self._handle)
                layout.publish(self._path, target)
                self._close()
        return BlobInfo(self._size, self._hash.hexdigest())

    def discard(self) -> None:
        """Leave nothing of it, unless it was published."""
        with self._turn:
            if self._handle is not None:
                self._close()
                self._path.unlink(missing_ok=True)
            self._done = True

    def _close(self) -> None:
        if self._handle is not None:
            os.close(self._handle)
        self._handle, self._done = None, True
