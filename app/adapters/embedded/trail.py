"""The rows of the audit trail. Every function runs inside a transaction of the writer."""

import functools
import secrets
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime

import orjson

from app.adapters import audited
from app.adapters.embedded.writer import Work
from app.core.audit import NOTHING, Act, Link, acting, commitment, link_hash, note
from app.core.ports import Change
from app.core.ports.auditing import Noted

_SALT_BYTES = 16
_HEAD = "SELECT seq, hash FROM audit_events WHERE writer = ? ORDER BY seq DESC LIMIT 1"
_LAST = "SELECT number, hash, written, covered FROM audit_checkpoints ORDER BY number DESC LIMIT 1"
_INSERT = """
INSERT INTO audit_events
    (writer, seq, at, body, previous, hash, tenant, actor, salt, payload)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
_MISFILED = """
SELECT writer, seq FROM audit_events
WHERE tenant IS NOT json_extract(body, '$.tenant') OR actor IS NOT json_extract(body, '$.actor')
"""
_HEADS = """
SELECT writer, seq, hash, max(position) FROM audit_events WHERE position > ? GROUP BY writer
"""
_LINKS = """
SELECT writer, seq, at, body, previous, hash, salt, payload FROM audit_events
ORDER BY writer, seq
"""
_ERASE = """
UPDATE audit_events SET salt = NULL, payload = NULL
WHERE tenant = ? AND actor = ? AND payload IS NOT NULL
"""


def step(chain: str, changes: Sequence[Change]) -> Iterator[Work[str]]:
    """Yield what records a commit in its own transaction, if it changes anything audited."""
    act, what = acting.get(), tuple(audited.targets(changes))
    if act is not None and what:
        yield functools.partial(_changed, chain=chain, act=act, what=what)


def _changed(connection: sqlite3.Connection, *, chain: str, act: Act, what: Sequence[str]) -> str:
    """Append the event of a commit; returns "" as a step of one does."""
    _append(connection, chain, [(audited.changed(act, what), act.personal)])
    return ""


def noted(connection: sqlite3.Connection, writer: str, batch: Sequence[Noted]) -> None:
    """Append the events of requests, in order."""
    _append(connection, writer, [(audited.requested(one), one.personal) for one in batch])


def _append(
    connection: sqlite3.Connection,
    writer: str,
    events: Sequence[tuple[Mapping[str, object], Mapping[str, str]]],
) -> None:
    """Chain the events and insert them at one go."""
    seq, previous = _head(connection, writer)
    at = datetime.now(UTC).isoformat()
    salts = secrets.token_bytes(_SALT_BYTES * len(events))
    rows = []
    for n, (said, personal) in enumerate(events):
        seq += 1
        salt = salts[n * _SALT_BYTES : (n + 1) * _SALT_BYTES] if personal else None
        payload = _canonical(personal) if personal else None
        promise = commitment(salt, payload) if salt and payload else None
        body = _canonical({**said, "commitment": promise})
        hash_ = link_hash(writer, seq, at, body, previous)
        place = (said["tenant"], said["actor"], salt, payload)
        rows.append((writer, seq, at, body.decode(), previous, hash_, *place))
        previous = hash_
    connection.executemany(_INSERT, rows)


def _canonical(value: Mapping[str, object]) -> bytes:
    """Return what `audit.canonical` does, sooner."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def _head(connection: sqlite3.Connection, writer: str) -> tuple[int, str]:
    """Return where the writer's chain ends; a new one rests on the last checkpoint."""
    found = connection.execute(_HEAD, (writer,)).fetchone()
    if found is not None:
        return int(found[0]), str(found[1])
    last = connection.execute(_LAST).fetchone()
    return 0, NOTHING if last is None else str(last[1])


def due_note(
    connection: sqlite3.Connection, now: float, interval_s: float
) -> tuple[int, bytes, int] | None:
    """Return number, text and reach of the next checkpoint; None while the last one is fresh.

    It names the chains that grew since the last one. A clock that was set back seals early.
    """
    last = connection.execute(_LAST).fetchone()
    number, previous, written, covered = last or (0, NOTHING, 0.0, 0)
    if last is not None and 0 <= now - written < interval_s:
        return None
    grown = connection.execute(_HEADS, (covered,)).fetchall()
    heads = {writer: (seq, hash_) for writer, seq, hash_, _ in grown}
    reach = max((position for *_, position in grown), default=covered)
    text = note(number + 1, previous, heads, datetime.fromtimestamp(now, UTC))
    return number + 1, text, reach


def links(connection: sqlite3.Connection) -> Iterator[Link]:
    """Yield every event with its personal data, by writer and number."""
    for writer, seq, at, body, previous, hash_, salt, payload in connection.execute(_LINKS):
        yield Link(writer, seq, at, str(body).encode(), previous, hash_, salt, payload)


def misfiled(connection: sqlite3.Connection) -> Iterator[str]:
    """Yield a problem for each event that is listed under another tenant or actor than its own."""
    for writer, seq in connection.execute(_MISFILED):
        yield f"event {writer}/{seq}: is listed under another tenant or actor"


def erase_personal(connection: sqlite3.Connection, tenant_id: str, actor: str) -> int:
    """Erase the personal data of an actor's events."""
    return connection.execute(_ERASE, (tenant_id, actor)).rowcount
