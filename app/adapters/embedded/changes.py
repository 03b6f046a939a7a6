"""The changes of a commit, made ready on the caller's side and applied inside a transaction."""

import random
import sqlite3
from collections.abc import Sequence
from typing import Any, TypeAlias

from app.adapters import codec
from app.adapters.embedded import leases
from app.adapters.embedded.terms import terms
from app.adapters.embedded.writer import Work
from app.core.errors import ConflictError, StaleEtagError
from app.core.models import Job, Partition
from app.core.ports import Change, Enqueue, Look, Put, Remove, Settle

Key: TypeAlias = tuple[str, str, str, str]
_INSERT = "INSERT INTO records VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"
_PUT = """
INSERT INTO records VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (tenant, space, kind, id)
    DO UPDATE SET etag = excluded.etag, terms = excluded.terms, body = excluded.body
"""
_REPLACE = """
UPDATE records SET etag = ?5, terms = ?6, body = ?7
WHERE tenant = ?1 AND space = ?2 AND kind = ?3 AND id = ?4 AND etag = ?8
"""
_LOOK = "SELECT etag, body FROM records WHERE tenant = ? AND space = ? AND kind = ? AND id = ?"
_DELETE = """
DELETE FROM records
WHERE tenant = ?1 AND space = ?2 AND kind = ?3 AND id = ?4 AND etag = coalesce(?5, etag)
"""
_ERASE_RECORDS = """
DELETE FROM records WHERE tenant = ?1 AND space = ?2 AND (kind, id) IN
    (SELECT kind, id FROM records WHERE tenant = ?1 AND space = ?2 LIMIT ?3)
"""
_ERASE_JOBS = """
DELETE FROM jobs WHERE seq IN (SELECT seq FROM jobs WHERE tenant = ?1 AND space = ?2 LIMIT ?3)
"""
_ERASE_DEAD_JOBS = """
DELETE FROM dead_jobs WHERE tenant = ?1 AND id IN
    (SELECT id FROM dead_jobs WHERE tenant = ?1 AND space = ?2 LIMIT ?3)
"""


def prepared(partition: Partition, change: Change, now: float, process: str) -> Work[str]:
    """Return what applies the change and gives its etag; all encoding is done by then."""
    match change:
        case Put():
            return _put(partition, change)
        case Remove():
            key = (partition.tenant_id, partition.space_id, change.kind.name, change.id)
            return lambda connection: _remove(connection, key, change.if_etag)
        case Enqueue(job=job, lease=lease):
            _require_inside(partition, job)
            return lambda connection: leases.enqueue(connection, job, lease, now, process)
        case Settle(lease=lease):
            _require_inside(partition, lease.job)
            return lambda connection: leases.settle(connection, lease)
        case Look():
            key = (partition.tenant_id, partition.space_id, change.kind.name, change.id)
            return lambda connection: _look(connection, key, change)


def apply(connection: sqlite3.Connection, steps: Sequence[Work[str]]) -> list[str]:
    """Apply all in order; the first refusal raises, and the writer undoes the others."""
    return [step(connection) for step in steps]


def _put(partition: Partition, put: Put) -> Work[str]:
    if put.if_absent and put.if_etag is not None:
        raise ValueError("a Put has at most one condition")
    key = (partition.tenant_id, partition.space_id, put.kind.name, put.value.id)
    body = codec.encode(put.value)
    etag = f"{random.getrandbits(64):016x}"
    row = (etag, terms(put.kind.attributes(put.value)), body)
    return lambda connection: _write(connection, key, put, row)


def _write(connection: sqlite3.Connection, key: Key, put: Put, row: tuple[Any, ...]) -> str:
    if put.if_etag is not None:
        if connection.execute(_REPLACE, (*key, *row, put.if_etag)).rowcount == 0:
            raise StaleEtagError
    elif put.if_absent:
        if connection.execute(_INSERT, (*key, *row)).rowcount == 0:
            raise ConflictError(reason="exists")
    else:
        connection.execute(_PUT, (*key, *row))
    return str(row[0])


def _remove(connection: sqlite3.Connection, key: Key, if_etag: str | None) -> str:
    done = connection.execute(_DELETE, (*key, if_etag))
    if if_etag is not None and done.rowcount == 0:
        raise StaleEtagError
    return ""


def _look(connection: sqlite3.Connection, key: Key, look: Look) -> str:
    row = connection.execute(_LOOK, key).fetchone()
    sees = row is not None and look.sees(codec.decode(look.kind.model, row[1]))
    return str(row[0]) if sees else ""


def _require_inside(partition: Partition, job: Job) -> None:
    if job.partition != partition:
        raise ValueError(f"job {job.id} does not belong to the partition of this commit")


def erase(connection: sqlite3.Connection, partition: Partition, limit: int) -> int:
    """Delete up to `limit` records of each sort of a partition; return how many went."""
    place = (partition.tenant_id, partition.space_id)
    statements = (_ERASE_RECORDS, _ERASE_JOBS, _ERASE_DEAD_JOBS)
    return sum(connection.execute(each, (*place, limit)).rowcount for each in statements)


def beat(connection: sqlite3.Connection) -> None:
    """Write something, to prove that it can be done."""
    connection.execute("UPDATE pulse SET beat = beat + 1")
