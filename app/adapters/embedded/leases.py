"""Job rows and who holds them. Every function runs inside a transaction of the writer.

A job is claimable once its `due_at` has come. Times are wall-clock seconds, as several processes
share them; `stamped_at` tells when `due_at` was written, so that a clock that was set back delays
no job: what was stamped in the future counts as due. A lease that is given too early that way is
harmless, for only the newest token is obeyed.
"""

import secrets
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import orjson

from app.adapters import codec
from app.core.errors import ConflictError, LeaseLostError
from app.core.models import Job, JobKind, Lease

_SKEW_S = 1.0  # what an adjustment of the clock may take back unnoticed
DUE = f"(due_at <= :now OR stamped_at > :now + {_SKEW_S})"

# Of the tenants with work that is due, the one with the fewest running jobs is served, among
# equals the one served longest ago, and of its jobs the oldest.
_OLDEST = f"""
(SELECT min((
    SELECT seq FROM jobs
    WHERE jobs.tenant = turns.tenant AND kind = k.value AND {DUE} ORDER BY seq LIMIT 1
)) FROM json_each(:kinds) k)
"""  # noqa: S608 - constants only  # nosec B608
_HELD = "FROM jobs WHERE jobs.tenant = turns.tenant AND token IS NOT NULL AND due_at > :now"
# Nobody goes before a tenant without a running job whose turn it is: the walk ends at the first,
# after as many tenants as there are workers, however many wait.
_NEXT_IDLE = f"""
SELECT oldest FROM (
    SELECT {_OLDEST} AS oldest, turn FROM turns WHERE NOT EXISTS (SELECT 1 {_HELD})
) WHERE oldest IS NOT NULL ORDER BY turn LIMIT 1
"""  # noqa: S608 - constants only  # nosec B608
_NEXT = f"""
SELECT oldest FROM (
    SELECT {_OLDEST} AS oldest, (SELECT count(*) {_HELD}) AS held, turn FROM turns
) WHERE oldest IS NOT NULL ORDER BY held, turn LIMIT 1
"""  # noqa: S608 - constants only  # nosec B608
_ENQUEUE = """
INSERT INTO jobs
    (tenant, space, kind, id, body, enqueued_at, attempts, token, holder, due_at, stamped_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
_CLAIM = """
UPDATE jobs SET token = ?, holder = ?, due_at = ?, stamped_at = ?, attempts = attempts + 1
WHERE seq = ?
RETURNING tenant, body, attempts
"""
_SERVED = "UPDATE turns SET turn = (SELECT max(turn) + 1 FROM turns) WHERE tenant = ?"
_EXTEND = "UPDATE jobs SET due_at = ?, stamped_at = ? WHERE tenant = ? AND id = ? AND token = ?"
_RELEASE = """
UPDATE jobs SET token = NULL, due_at = ?, stamped_at = ?, reason = ?, attempts = attempts - ?
WHERE tenant = ? AND id = ? AND token = ?
"""
_BURY = """
INSERT INTO dead_jobs SELECT tenant, id, space, kind, body, attempts, ?, ? FROM jobs
WHERE tenant = ? AND id = ? AND token = ?
"""
_ORPHANED = """
UPDATE jobs SET token = NULL, holder = NULL, due_at = :now, stamped_at = :now
WHERE token IS NOT NULL AND holder NOT IN (SELECT value FROM json_each(:living))
"""
_FINISH = "DELETE FROM jobs WHERE tenant = ? AND id = ? AND token = ?"
_EXHUME = "DELETE FROM dead_jobs WHERE tenant = ? AND id = ? RETURNING body"


@dataclass(frozen=True, slots=True)
class Rest:
    """Why a job is given back, for how many seconds, and whether the attempt counts."""

    delay_s: float
    reason: str
    counted: bool


def enqueue(
    connection: sqlite3.Connection, job: Job, lease: Lease | None, now: float, holder: str
) -> str:
    """Add a job, claimed if it comes with a lease; raises ConflictError if its id is known."""
    held: tuple[str | None, str | None] = (None, None)
    due, attempts = now, 0
    if lease is not None:
        held = (lease.token, holder)
        due, attempts = lease.expires_at.timestamp(), lease.attempt
    row = (job.tenant_id, job.space_id, job.kind.value, job.id, codec.encode(job))
    try:
        connection.execute(_ENQUEUE, (*row, now, attempts, *held, due, now))
    except sqlite3.IntegrityError as error:
        raise ConflictError(reason="exists") from error
    return ""


def settle(connection: sqlite3.Connection, lease: Lease) -> str:
    """Remove a finished job; raises LeaseLostError."""
    _require(connection.execute(_FINISH, _key(lease)))
    return ""


def claim(
    connection: sqlite3.Connection,
    kinds: Sequence[JobKind],
    lease_s: float,
    now: float,
    holder: str,
) -> Lease | None:
    """Lease the next job of these kinds to a process."""
    wanted = {"now": now, "kinds": orjson.dumps(kinds).decode()}
    found = (
        connection.execute(_NEXT_IDLE, wanted).fetchone()
        or connection.execute(_NEXT, wanted).fetchone()
    )
    if found is None:
        return None
    token, expires = secrets.token_hex(8), now + lease_s
    held = connection.execute(_CLAIM, (token, holder, expires, now, *found))
    [(tenant, body, attempt)] = held.fetchall()
    connection.execute(_SERVED, (tenant,))
    job = codec.decode(Job, body)
    return Lease(job=job, token=token, attempt=attempt, expires_at=_time(expires))


def extend(connection: sqlite3.Connection, lease: Lease, lease_s: float, now: float) -> Lease:
    """Keep a job longer; raises LeaseLostError."""
    expires = now + lease_s
    _require(connection.execute(_EXTEND, (expires, now, *_key(lease))))
    return replace(lease, expires_at=_time(expires))


def release(connection: sqlite3.Connection, lease: Lease, rest: Rest, now: float) -> None:
    """Give a job back for a rest; raises LeaseLostError."""
    changed = (now + rest.delay_s, now, rest.reason, not rest.counted)
    _require(connection.execute(_RELEASE, (*changed, *_key(lease))))


def bury(connection: sqlite3.Connection, lease: Lease, reason: str, now: float) -> None:
    """Move a job to the dead letters; raises LeaseLostError."""
    _require(connection.execute(_BURY, (reason, now, *_key(lease))))
    connection.execute(_FINISH, _key(lease))


def replay(connection: sqlite3.Connection, tenant_id: str, job_id: str, now: float) -> bool:
    """Move a dead job back, as new; False if there is none."""
    moved = connection.execute(_EXHUME, (tenant_id, job_id)).fetchall()
    for (body,) in moved:
        enqueue(connection, codec.decode(Job, body), None, now, "")
    return bool(moved)


def free_orphaned(connection: sqlite3.Connection, living: Sequence[str], now: float) -> int:
    """Free the jobs of processes that are no more; their attempts stay counted."""
    wanted = {"now": now, "living": orjson.dumps(living).decode()}
    return connection.execute(_ORPHANED, wanted).rowcount


def _key(lease: Lease) -> tuple[str, str, str]:
    return (lease.job.tenant_id, lease.job.id, lease.token)


def _require(done: sqlite3.Cursor) -> None:
    if done.rowcount == 0:
        raise LeaseLostError


def _time(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
