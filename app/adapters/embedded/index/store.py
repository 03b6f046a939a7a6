"""A space's index on disk: one SQLite file, the truth of what is staged and visible.

`log` names every version whose visibility, title or attributes changed, so that a process which
holds the index in memory can follow. A version's key is never used twice.
"""

import contextlib
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from app.adapters.embedded import folder
from app.adapters.embedded.folder import FolderLock
from app.core.errors import UnavailableError
from app.core.models import PassageSpan

ORDINAL_BITS = 24  # a passage's row: the version's key, then its ordinal
_ORDINALS = (1 << ORDINAL_BITS) - 1
_LOG_KEPT = 1000
_PASSAGES = (
    "SELECT row, char_start, char_end, byte_start, byte_end, page, section, text"
    " FROM passages WHERE row IN"
)
_SCHEMA_VERSION = 1
_SCHEMA = f"""
BEGIN IMMEDIATE;
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
    page INTEGER, section TEXT, text TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS log (sequence INTEGER PRIMARY KEY AUTOINCREMENT, key INTEGER NOT NULL)
    STRICT;
PRAGMA user_version = {_SCHEMA_VERSION};
COMMIT;
"""


@dataclass(frozen=True, slots=True)
class NewVersion:
    """What staging stores."""

    document_id: str
    version: int
    title: str
    language: str
    postings: bytes
    spans: Sequence[PassageSpan]
    texts: Sequence[str]


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
        if not _is_made(connection):
            connection.execute("PRAGMA page_size = 8192")
            connection.execute("PRAGMA journal_mode = WAL")
            connection.executescript(_SCHEMA)
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
        made = _is_made(connection)
        connection.execute("PRAGMA query_only = ON")
    except BaseException:
        connection.close()
        raise
    if not made:  # its first writer has not come so far
        connection.close()
        return None
    return connection


def erase(path: Path, busy_s: float) -> None:
    """Remove the whole file. Whoever has it open sees it empty."""
    if not path.exists():
        return
    with writing(path, busy_s, sweep=True) as connection:
        _delete(connection, "1", ())
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


def _is_made(connection: sqlite3.Connection) -> bool:
    return bool(connection.execute("PRAGMA user_version").fetchone()[0] == _SCHEMA_VERSION)


def stage(connection: sqlite3.Connection, new: NewVersion) -> None:
    """Store a version invisibly, in place of what was staged for it before."""
    where = "document_id = ? AND version = ? AND NOT visible"
    _delete(connection, where, (new.document_id, new.version))
    key = connection.execute(
        "INSERT INTO versions (document_id, version, visible, title, language, attributes,"
        " passages, postings) VALUES (?, ?, 0, ?, ?, x'7b7d', ?, ?)",
        (new.document_id, new.version, new.title, new.language, len(new.spans), new.postings),
    ).lastrowid
    assert key is not None  # noqa: S101 - an INSERT has a row
    connection.executemany(
        "INSERT INTO passages VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            (row(key, n), s.start, s.end, s.byte_start, s.byte_end, s.page, s.section, text)
            for n, (s, text) in enumerate(zip(new.spans, new.texts, strict=True))
        ),
    )


def activate(
    connection: sqlite3.Connection, document_id: str, version: int, attributes: bytes
) -> bool:
    """Make a version the only visible one; older staged ones go. False if it is nowhere."""
    staged = connection.execute(
        "SELECT key FROM versions WHERE document_id = ? AND version = ? AND NOT visible",
        (document_id, version),
    ).fetchone()
    if staged is not None:
        _delete(connection, "document_id = ? AND visible", (document_id,))
    changed = connection.execute(
        "UPDATE versions SET visible = 1, attributes = ?"
        " WHERE document_id = ? AND version = ? RETURNING key",
        (attributes, document_id, version),
    ).fetchall()
    _note(connection, [key for (key,) in changed])
    _delete(connection, "document_id = ? AND version < ? AND NOT visible", (document_id, version))
    return bool(changed)


def describe(
    connection: sqlite3.Connection, document_id: str, title: str, attributes: bytes
) -> None:
    """Replace the title of every version, and the attributes of the visible one."""
    connection.execute(
        "UPDATE versions SET title = ? WHERE document_id = ? AND NOT visible", (title, document_id)
    )
    changed = connection.execute(
        "UPDATE versions SET title = ?, attributes = ? WHERE document_id = ? AND visible"
        " RETURNING key",
        (title, attributes, document_id),
    ).fetchall()
    _note(connection, [key for (key,) in changed])


def remove(connection: sqlite3.Connection, document_id: str) -> int:
    """Remove every version of a document; return how many passages went."""
    return _delete(connection, "document_id = ?", (document_id,))


def count(connection: sqlite3.Connection, document_id: str | None) -> int:
    """Return how many passages there are, of one document or all."""
    where, values = ("1", ()) if document_id is None else ("document_id = ?", (document_id,))
    query = f"SELECT coalesce(sum(passages), 0) FROM versions WHERE {where}"  # noqa: S608
    return int(connection.execute(query, values).fetchone()[0])


def passages(
    connection: sqlite3.Connection, rows: Sequence[int]
) -> dict[int, tuple[PassageSpan, str]]:
    """Return those of the passages that are there, by row."""
    places = ",".join("?" * len(rows))  # the statement stays the same, and prepared
    found = connection.execute(f"{_PASSAGES} ({places})", rows).fetchall()
    return {
        at: (
            PassageSpan(
                ordinal=at & _ORDINALS,
                start=start,
                end=end,
                byte_start=byte_start,
                byte_end=byte_end,
                page=page,
                section=section,
            ),
            text,
        )
        for at, start, end, byte_start, byte_end, page, section, text in found
    }


def row(key: int, ordinal: int) -> int:
    """Return the row of a version's passage."""
    return key << ORDINAL_BITS | ordinal


def _delete(connection: sqlite3.Connection, where: str, values: tuple[object, ...]) -> int:
    """Delete versions with their passages; return how many of these went."""
    gone = connection.execute(
        f"DELETE FROM versions WHERE {where} RETURNING key, passages",  # noqa: S608 - our own text
        values,
    ).fetchall()
    for key, _ in gone:
        connection.execute(
            "DELETE FROM passages WHERE row >= ? AND row < ?", (row(key, 0), row(key + 1, 0))
        )
    _note(connection, [key for key, _ in gone])
    return sum(passages for _, passages in gone)


def _note(connection: sqlite3.Connection, keys: Sequence[int]) -> None:
    connection.executemany("INSERT INTO log (key) VALUES (?)", [(key,) for key in keys])
    connection.execute(
        "DELETE FROM log WHERE sequence <= (SELECT max(sequence) FROM log) - ?", (_LOG_KEPT,)
    )
