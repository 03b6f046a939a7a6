"""The data folder: who may read it, whether it can be written, and who opens it at a time."""

import contextlib
import fcntl
import os
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

from app.core.errors import SetupError

_POLL_S = 0.002


class UnusableFolderError(SetupError):
    """The data folder can't be used; the text names it and says what to do."""


class FolderLock:
    """An advisory lock between processes on one file; it dies with its holder.

    It is asked for by polling: a blocking `flock` could not be given up in time.
    """

    def __init__(self, path: Path) -> None:
        self._handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def acquire(self, timeout_s: float) -> bool:
        """Take the lock; False if another process kept it all the time."""
        deadline = time.monotonic() + timeout_s
        while not self._try():
            if time.monotonic() >= deadline:
                return False
            time.sleep(_POLL_S)
        return True

    def release(self) -> None:
        """Let others have it."""
        fcntl.flock(self._handle, fcntl.LOCK_UN)

    def close(self) -> None:
        """Release the lock, if held, and forget the file."""
        os.close(self._handle)

    def _try(self) -> bool:
        try:
            fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


@contextlib.contextmanager
def opening(root: Path, timeout_s: float) -> Iterator[None]:
    """Make the folder, for its owner alone, and keep other processes from opening it meanwhile.

    Whatever fails inside is raised as UnusableFolderError.
    """
    try:
        is_new = not root.is_dir()
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
        if is_new:
            sync(root.parent)
        (root / "blobs").mkdir(mode=0o700, exist_ok=True)
        with contextlib.closing(FolderLock(root / "open.lock")) as lock:
            if not lock.acquire(timeout_s):
                raise UnusableFolderError(
                    f"Another process has been opening {root} for {timeout_s:g} s."
                )
            _create(root / "eva.db")
            sync(root)
            yield
    except (OSError, sqlite3.DatabaseError) as error:
        reason = getattr(error, "strerror", None) or error
        raise UnusableFolderError(
            f"The data folder {root} can't be used: {reason}. It must be a folder of eva's own, "
            "that the user who runs eva may write to; choose another with EVA_DATA_DIR."
        ) from error


def _create(path: Path) -> None:
    """Make an empty file that its owner alone may read, unless there is one.

    An existing database is not even opened here: closing it again would drop the locks that
    SQLite holds on it in this process.
    """
    with contextlib.suppress(FileExistsError):
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))


def sync(path: Path) -> None:
    """Make a file's content, or a folder's entries, durable."""
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        flush(handle)
    finally:
        os.close(handle)


def flush(handle: int) -> None:
    """Make what was written to an open file durable, down to the medium where the OS allows."""
    full = getattr(fcntl, "F_FULLFSYNC", None)  # macOS: fsync alone stops at the drive's cache
    if full is None:
        os.fsync(handle)
    else:
        fcntl.fcntl(handle, full)
