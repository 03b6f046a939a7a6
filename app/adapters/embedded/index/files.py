"""The SQLite file of a space: made, opened, written by one at a time, erased.

`log` names every version whose visibility, title or attributes changed, so that a process which
holds the index in memory can follow. A version's key is never used twice.
"""

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from app.adapters.embedded import folder
from app.adapters.embedded.folder import FolderLock
from app.core.errors import UnavailableError

_SCHEMA_VERSION = 3  # 1 had no vectors, 2 not what passages say
_WITH_SAID = "ALTER TABLE passages ADD COLUMN said TEXT;"  # NULL of what was there before
_SCHEMA = f"""
CREATE TABLE IF NOT EXISTS versions (
    key INTEGER PRIMARY KEY AUTOINCREMENT,
    document_id TEXT NOT NULL,
    version INTEGER NOT NULL,
    visible INTEGER NOT NULL,
    title TEXT NOT NULL,
    language TEXT NOT NULL,
    attributes BLOB NOT NULL,
    passages INTEGER NOT NULL,
    postings BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX IF NOT EXISTS versions_staged
    ON versions (document_id, version) WHERE NOT visible;
CREATE UNIQUE INDEX IF NOT EXISTS versions_visible ON versions (document_id) WHERE visible;
CREATE TABLE IF NOT EXISTS passages (
    row INTEGER PRIMARY KEY,
    char_start INTEGER NOT NULL, char_end INTEGER NOT NULL,
    byte_start INTEGER NOT NULL, byte_end INTEGER NOT NULL,
    page INTEGER, section TEXT, text TEXT NOT NULL, said TEXT
) STRICT;
CREATE TABLE IF NOT EXISTS vectors (
    key INTEGER PRIMARY KEY, model TEXT NOT NULL, data BLOB NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS log (sequence INTEGER PRIMARY KEY AUTOINCREMENT, key INTEGER NOT NULL)
    STRICT;
PRAGMA user_version = {_SCHEMA_VERSION};
COMMIT;
"""


@contextlib.contextmanager
def writing(path: Path, busy_s: float, *, sweep: bool = False) -> Iterator[sqlite3.Connection]:
    """Lend a connection in a transaction that is committed durably at the end.

    With `sweep`, what the journal still has of removed text is overwritten afterwards, unless
    someone is reading it. Writers take turns by a lock beside the file, held while checkpointing,
    too: SQLite before 3.51.3 can lose a commit when one process checkpoints as another resets the
    journal.
    """
    if not path.exists():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.touch(mode=0o600)
        folder.sync(path.parent)
    with _turn(path, busy_s), contextlib.closing(_writer(path, busy_s)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield connection
        except BaseException:
            connection.execute("ROLLBACK")
            raise
        connection.execute("COMMIT")
        if sweep:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


@contextlib.contextmanager
def _turn(path: Path, busy_s: float) -> Iterator[None]:
    lock = FolderLock(path.with_suffix(".lock"))
    try:
        if not lock.acquire(busy_s):
            raise UnavailableError(dependency="index", retry_after=1)
        yield
    finally:
        lock.close()


def _writer(path: Path, busy_s: float) -> sqlite3.Connection:
    connection = _connect(path, busy_s)
    try:
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA secure_delete = ON")  # what is removed is overwritten
        made = _schema_version(connection)
        if not made:
            connection.execute("PRAGMA page_size = 8192")
            connection.execute("PRAGMA journal_mode = WAL")
        if made != _SCHEMA_VERSION:
            older = _WITH_SAID if made else ""
            connection.executescript(f"BEGIN IMMEDIATE; {older} {_SCHEMA}")
    except BaseException:
        connection.close()
        raise
    return connection


def reading(path: Path, busy_s: float) -> sqlite3.Connection | None:
    """Return a connection for reading, usable from any thread; None if there is no index."""
    if not path.exists():
        return None
    try:
        connection = _connect(path, busy_s)
    except sqlite3.OperationalError:
        if path.exists():
            raise
        return None
    try:
        made = _schema_version(connection)
        connection.execute("PRAGMA query_only = ON")
    except BaseException:
        connection.close()
        raise
    if made == _SCHEMA_VERSION:
        return connection
    connection.close()
    if not made:  # its first writer has not come so far
        return None
    with writing(path, busy_s):  # an older release's: brought up to date
        pass
    return reading(path, busy_s)


def erase(path: Path, busy_s: float) -> None:
    """Remove the whole file. Whoever has it open sees it empty."""
    if not path.exists():
        return
    with writing(path, busy_s, sweep=True) as connection:
        connection.execute("INSERT INTO log (key) SELECT key FROM versions")
        connection.execute("DELETE FROM passages")
        connection.execute("DELETE FROM vectors")
        connection.execute("DELETE FROM versions")
    for part in (path, path.with_name(f"{path.name}-wal"), path.with_name(f"{path.name}-shm")):
        part.unlink(missing_ok=True)
    path.with_suffix(".lock").unlink(missing_ok=True)
    folder.sync(path.parent)


def _connect(path: Path, busy_s: float) -> sqlite3.Connection:
    return sqlite3.connect(
        f"{path.as_uri()}?mode=rw",
        uri=True,
        timeout=busy_s,
        isolation_level=None,
        check_same_thread=False,
    )


def _schema_version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])
