"""What is staged and visible in a space's file, and how that changes: the truth of the index."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from app.adapters.embedded.index.meaning import Embedded, Vectors
from app.core.models import PassageSpan

ORDINAL_BITS = 24  # a passage's row: the version's key, then its ordinal
_ORDINALS = (1 << ORDINAL_BITS) - 1
_LOG_KEPT = 1000
_FLOAT_BYTES = 4
_PASSAGES = (
    "SELECT row, char_start, char_end, byte_start, byte_end, page, section, text, said"
    " FROM passages WHERE row IN"
)


class StoredPassage(NamedTuple):
    """What the file has of a passage; `said` may be missing of what an older release stored."""

    span: PassageSpan
    text: str
    said: str | None


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
    said: Sequence[str]
    vectors: Embedded | None = None


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
    if new.vectors is not None:
        connection.execute(
            "INSERT INTO vectors VALUES (?, ?, ?)", (key, new.vectors.model, new.vectors.data)
        )
    connection.executemany(
        "INSERT INTO passages VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            (row(key, n), s.start, s.end, s.byte_start, s.byte_end, s.page, s.section, text, said)
            for n, (s, text, said) in enumerate(zip(new.spans, new.texts, new.said, strict=True))
        ),
    )


def activate(
    connection: sqlite3.Connection, document_id: str, version: int, attributes: bytes
) -> bool:
    """Make a version the only visible one; older staged ones go. False if it is nowhere.

    A version older than the visible one is not shown, and goes, too.
    """
    newer = connection.execute(
        "SELECT key FROM versions WHERE document_id = ? AND version > ? AND visible",
        (document_id, version),
    ).fetchone()
    if newer is not None:
        _delete(connection, "document_id = ? AND version = ?", (document_id, version))
        return True
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
    query = f"SELECT coalesce(sum(passages), 0) FROM versions WHERE {where}"  # noqa: S608  # nosec B608
    return int(connection.execute(query, values).fetchone()[0])


def passages(connection: sqlite3.Connection, rows: Sequence[int]) -> dict[int, StoredPassage]:
    """Return those of the passages that are there, by row."""
    places = ",".join("?" * len(rows))  # the statement stays the same, and prepared
    found = connection.execute(f"{_PASSAGES} ({places})", rows).fetchall()
    return {
        at: StoredPassage(
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
            said,
        )
        for at, start, end, byte_start, byte_end, page, section, text, said in found
    }


def vectors(connection: sqlite3.Connection, key: int, model: str) -> Vectors | None:
    """Return the vectors of a version's passages, if they were made by this model."""
    found = connection.execute(
        "SELECT v.data, n.passages FROM vectors v JOIN versions n USING (key)"
        " WHERE key = ? AND model = ?",
        (key, model),
    ).fetchone()
    if found is None or len(found[0]) % (_FLOAT_BYTES * found[1]):
        return None
    return np.frombuffer(found[0], "<f4").reshape(found[1], -1)


def row(key: int, ordinal: int) -> int:
    """Return the row of a version's passage."""
    return key << ORDINAL_BITS | ordinal


def _delete(connection: sqlite3.Connection, where: str, values: tuple[object, ...]) -> int:
    """Delete versions with their passages; return how many of these went."""
    gone = connection.execute(
        f"DELETE FROM versions WHERE {where} RETURNING key, passages",  # noqa: S608 - our text  # nosec B608
        values,
    ).fetchall()
    for key, _ in gone:
        connection.execute("DELETE FROM vectors WHERE key = ?", (key,))
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
