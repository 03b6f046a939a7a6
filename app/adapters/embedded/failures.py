"""What SQLite and the file system refuse, in the words of `app.core.errors`."""

import contextlib
import errno
import sqlite3
from collections.abc import Iterator

from app.core.errors import StorageFullError, UnavailableError

_RETRY_AFTER_S = 1
_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
# SQLite reports a quota or a file size limit as a failed write, and a full disk under its shared
# index as a failed resize.
_NO_ROOM_CODES = frozenset(
    {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_WRITE, sqlite3.SQLITE_IOERR_SHMSIZE}
)
_DEFECTS = (sqlite3.IntegrityError, sqlite3.ProgrammingError)  # ours, not the database's


def translated(error: Exception) -> Exception:
    """Return what a failure of the database means to the caller; any other error as it is."""
    if not isinstance(error, sqlite3.DatabaseError) or isinstance(error, _DEFECTS):
        return error
    full = getattr(error, "sqlite_errorcode", None) in _NO_ROOM_CODES
    kind = StorageFullError if full else UnavailableError
    meaning = kind(dependency="records", retry_after=_RETRY_AFTER_S)
    meaning.__cause__ = error
    return meaning


def busy() -> UnavailableError:
    """Return what a database that others keep locked means to the caller."""
    return UnavailableError(dependency="records", retry_after=_RETRY_AFTER_S)


@contextlib.contextmanager
def database_errors() -> Iterator[None]:
    """Translate what SQLite raises inside."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        raise translated(error) from error


@contextlib.contextmanager
def file_errors() -> Iterator[None]:
    """Translate what the file system raises inside."""
    try:
        yield
    except OSError as error:
        kind = StorageFullError if error.errno in _NO_ROOM else UnavailableError
        raise kind(dependency="blobs", retry_after=_RETRY_AFTER_S) from error
