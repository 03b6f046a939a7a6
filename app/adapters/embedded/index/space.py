"""One open space: its snapshot in memory, kept up to date with its file."""

import contextlib
import sqlite3
import threading
from collections.abc import Iterable, Sequence
from pathlib import Path

from app.adapters.embedded.index import files, store
from app.adapters.embedded.index.analyzer import SnowballAnalyzer
from app.adapters.embedded.index.postings import decode
from app.adapters.embedded.index.segment import Source
from app.adapters.embedded.index.snapshot import Entry, Snapshot

_ENTRY = "key, document_id, version, title, language, attributes"
_BATCH = 500  # SQL parameters at a time


class Space:
    """A space's index as this process sees it. Its methods block; any thread may call them."""

    def __init__(self, path: Path, busy_s: float, model: str | None = None) -> None:
        self._path = path
        self._model = model  # whose vectors count
        self._busy_s = busy_s
        self._turn = threading.Lock()  # whose turn it is to replace the snapshot
        self._compacting = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._inode = 0
        self._snapshot = Snapshot()
        self._size_bytes = 0

    @property
    def size_bytes(self) -> int:
        """Return about how much memory it takes, what was kept of searches included."""
        return self._size_bytes + self._snapshot.kept_bytes

    def is_current(self) -> bool:
        """Tell whether the snapshot shows all that was committed, by any process; about 10 µs."""
        connection = self._connection
        if connection is None or self._inode != _inode(self._path):
            return False
        with contextlib.suppress(sqlite3.ProgrammingError):  # closed meanwhile: it was dropped
            return _sequence(connection) == self._snapshot.sequence
        return False

    def refresh(self) -> Snapshot:
        """Return a snapshot that shows at least what was committed before the call."""
        with self._turn:
            self._open()
            if self._connection is None:
                return self._snapshot
            if _sequence(self._connection) != self._snapshot.sequence:
                self._publish(self._follow())
            return self._snapshot

    def needs_compacting(self) -> bool:
        """Tell whether `compact` would do anything."""
        return self._snapshot.surplus() < len(self._snapshot.parts)

    def compact(self) -> None:
        """Join small segments; searches and changes go on meanwhile."""
        with self._compacting:
            before = self._snapshot
            start = before.surplus()
            if start == len(before.parts):
                return
            joined = before.joined(start)
            with self._turn:
                self._publish(self._snapshot.with_joined(before, start, joined))

    @property
    def snapshot(self) -> Snapshot:
        """Return the snapshot of the last refresh."""
        return self._snapshot

    def passages(self, rows: Sequence[int]) -> dict[int, store.StoredPassage]:
        """Return the passages that are still there, by row."""
        connection = self._connection
        if connection is not None:
            with contextlib.suppress(sqlite3.ProgrammingError):  # closed meanwhile
                return store.passages(connection, rows)
        return {}

    def close(self) -> None:
        """Close the file; the snapshot stays."""
        with self._turn:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def _open(self) -> None:
        """Open the file unless it is open; a file that was dropped, or made anew, begins again."""
        inode = _inode(self._path)
        if self._connection is not None and inode == self._inode:
            return
        if inode != self._inode:
            self._publish(Snapshot())
        if self._connection is not None:
            self._connection.close()
        self._inode = inode
        self._connection = files.reading(self._path, self._busy_s)

    def _publish(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        self._size_bytes = snapshot.size_bytes

    def _follow(self) -> Snapshot:
        """Read what changed since the snapshot, or everything if the log forgot that."""
        connection = files.reading(self._path, self._busy_s)
        if connection is None:
            return Snapshot()
        with contextlib.closing(connection):
            connection.execute("BEGIN")  # one moment of the file
            known, sequence = self._snapshot, _sequence(connection)
            if known.sequence and known.sequence >= _oldest(connection) - 1:
                keys = _changed(connection, known.sequence)
            else:
                known, keys = Snapshot(), _visible(connection)
            entries = {entry.key: entry for entry in _entries(connection, keys)}
            fresh = [e for e in entries.values() if _is_new(known.entries.get(e.key), e)]
            sources = list(_sources(connection, fresh, self._model))
        gone = [key for key in keys if key not in entries]
        return known.changed(sequence, gone, list(entries.values()), sources)


def _inode(path: Path) -> int:
    """Return what tells a file from another one at the same place; 0 if there is none."""
    try:
        return path.stat().st_ino
    except FileNotFoundError:
        return 0


def _sequence(connection: sqlite3.Connection) -> int:
    found = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'log'").fetchone()
    return int(found[0]) if found else 0


def _oldest(connection: sqlite3.Connection) -> int:
    return int(connection.execute("SELECT coalesce(min(sequence), 0) FROM log").fetchone()[0])


def _is_new(known: Entry | None, entry: Entry) -> bool:
    return known is None or known.title != entry.title


def _visible(connection: sqlite3.Connection) -> list[int]:
    found = connection.execute("SELECT key FROM versions WHERE visible ORDER BY key")
    return [key for (key,) in found]


def _changed(connection: sqlite3.Connection, since: int) -> list[int]:
    found = connection.execute(
        "SELECT DISTINCT key FROM log WHERE sequence > ? ORDER BY key", (since,)
    )
    return [key for (key,) in found]


def _entries(connection: sqlite3.Connection, keys: Sequence[int]) -> Iterable[Entry]:
    for start in range(0, len(keys), _BATCH):
        some = ",".join(map(str, keys[start : start + _BATCH]))
        yield from (
            Entry(*found)
            for found in connection.execute(
                f"SELECT {_ENTRY} FROM versions WHERE visible AND key IN ({some})"  # noqa: S608  # nosec B608
            )
        )


def _sources(
    connection: sqlite3.Connection, entries: Sequence[Entry], model: str | None
) -> Iterable[Source]:
    terms = SnowballAnalyzer().terms
    for entry in entries:
        [blob] = connection.execute(
            "SELECT postings FROM versions WHERE key = ?", (entry.key,)
        ).fetchone()
        postings = decode(blob)
        vectors = None if model is None else store.vectors(connection, entry.key, model)
        yield Source(entry.key, postings, terms(entry.title), vectors)
