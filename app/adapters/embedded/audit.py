"""`AuditLog` in the same database as the records, so that a change and its event are one write.

Requests are noted aside: a read does not wait for its event to be on the medium. What waits is
bounded; beyond that the service refuses rather than work unrecorded.
"""

import asyncio
import functools
import json
import sqlite3
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from app.adapters.embedded import trail
from app.adapters.embedded.reader import Reader
from app.adapters.embedded.sealing import Seal, read_copies, verifier
from app.adapters.embedded.writer import Writer
from app.adapters.noting import Notes
from app.core import audit
from app.core.errors import BadCursorError, EvaError
from app.core.models import Page
from app.core.models.auditing import AuditEvent, AuditKind, Checkpoint
from app.core.ports.auditing import AuditFilter, Noted

SEAL_S = 60.0
_BATCH = 256
_EVENTS = """
SELECT e.position, e.writer, e.seq, e.at, e.body, e.payload FROM audit_events e
WHERE e.tenant = ? AND e.position > ?
"""
_CHECKPOINTS = "SELECT number, note, signature, hash FROM audit_checkpoints ORDER BY number"
_JSON_FIELDS = {"actor": "actor", "action": "action", "outcome": "outcome", "request_id": "request"}


class SqliteAuditLog:
    """The trail of one process, in the chains of all."""

    def __init__(
        self, writer: Writer, reader: Reader, seal: Seal, clock: Callable[[], float]
    ) -> None:
        self._writer = writer
        self._reader = reader
        self._seal = seal
        self._clock = clock
        self._notes = Notes(self._written, _BATCH)

    def note(self, noted: Noted) -> None:
        """Keep an event for the next write."""
        self._notes.add(noted)

    async def flush(self) -> None:
        """Wait for the write that is under way."""
        await self._notes.flush()

    async def close(self) -> None:
        """Write what waits; give up if the store can't be written."""
        await self._notes.close()

    async def events(
        self, tenant_id: str, wanted: AuditFilter, *, after: str | None, limit: int
    ) -> Page[AuditEvent]:
        """Read the tenant's events in the order in which they were written."""
        if after is not None and not after.isdecimal():
            raise BadCursorError
        where, parameters = _conditions(wanted)
        sql = f"{_EVENTS} {where} ORDER BY e.position LIMIT ?"
        rows = await self._reader.rows_aside(
            sql, (tenant_id, int(after or 0), *parameters, limit + 1)
        )
        events = tuple(_event(tenant_id, row) for row in rows[:limit])
        return Page(events, events[-1].id if len(rows) > limit else None)

    async def erase_personal(self, tenant_id: str, actor: str) -> int:
        """Delete salts and payloads; the commitments stay."""
        return await self._writer.run(lambda c: trail.erase_personal(c, tenant_id, actor))

    async def seal(self) -> Checkpoint | None:
        """Sign the heads of all chains that grew; the copy follows the commit."""
        sealed = await self._writer.run(self._sealed)
        missing = await self._reader.rows_aside(_CHECKPOINTS, ())
        await asyncio.to_thread(self._copy, [_checkpoint(row) for row in missing])
        return sealed

    async def verify(
        self, *, copies: Path | None = None, public_key: Path | None = None
    ) -> audit.Report:
        """Check everything, on another thread, as one reader sees it.

        Copies and key may be given from where the operator of this store could not write.
        """

        def check(connection: sqlite3.Connection) -> audit.Report:
            said = self._seal.copies() if copies is None else read_copies(copies)
            own = self._seal.verifier()
            return _verified(connection, said, verifier(public_key) if public_key else own)

        return await self._reader.aside(check)

    async def _written(self, batch: Sequence[Noted]) -> Sequence[Noted]:
        append = functools.partial(trail.noted, writer=self._writer.chain, batch=batch)
        try:
            await self._writer.run(append)
        except EvaError:  # the store can't be written now
            return batch
        return ()

    def _sealed(self, connection: sqlite3.Connection) -> Checkpoint | None:
        due = trail.due_note(connection, self._clock(), SEAL_S)
        if due is None:
            return None
        number, text, reach = due
        signature = self._seal.sign(text)
        hash_ = audit.checkpoint_hash(text, signature)
        connection.execute(
            "INSERT INTO audit_checkpoints VALUES (?, ?, ?, ?, ?, ?)",
            (number, text, signature, hash_, self._clock(), reach),
        )
        return Checkpoint(number=number, note=text, signature=signature, hash=hash_)

    def _copy(self, stored: list[Checkpoint]) -> None:
        """Copy what has no copy yet, such as after a crash between commit and copy."""
        copied = {copy.number for copy in self._seal.copies()}
        if missing := [one for one in stored if one.number not in copied]:
            self._seal.copy(missing)


def _verified(
    connection: sqlite3.Connection, copies: Sequence[Checkpoint], holds: audit.Verifier
) -> audit.Report:
    """Read after the copies were: the store may only be ahead of them."""
    connection.execute("BEGIN")
    try:
        stored = [_checkpoint(row) for row in connection.execute(_CHECKPOINTS)]
        report = audit.verify(trail.links(connection), stored, copies, holds)
        report.problems.extend(trail.misfiled(connection))
        return report
    finally:
        connection.execute("ROLLBACK")


def _checkpoint(row: tuple[Any, ...]) -> Checkpoint:
    number, text, signature, hash_ = row
    return Checkpoint(
        number=number, note=_bytes(text), signature=_bytes(signature), hash=str(hash_)
    )


def _bytes(value: object) -> bytes:
    """Return what a column holds; one that was tampered with may be of any type."""
    return value if isinstance(value, bytes) else str(value).encode()


def _conditions(wanted: AuditFilter) -> tuple[str, tuple[str, ...]]:
    parts: list[str] = []
    values: list[str] = []
    for name, member in _JSON_FIELDS.items():
        if (value := getattr(wanted, name)) is not None:
            parts.append(f"AND json_extract(e.body, '$.{member}') = ?")
            values.append(value)
    if wanted.target is not None:
        parts.append(
            "AND EXISTS (SELECT 1 FROM json_each(e.body, '$.targets') t"
            " WHERE t.value = ?1 OR t.value LIKE '% ' || ?1)".replace("?1", "?")  # constants only  # nosec B608
        )
        values.extend((wanted.target, wanted.target))
    for bound, sign in ((wanted.since, ">="), (wanted.until, "<")):
        if bound is not None:
            parts.append(f"AND e.at {sign} ?")
            values.append(bound.astimezone(UTC).isoformat())
    return " ".join(parts), tuple(values)


def _event(tenant_id: str, row: tuple[Any, ...]) -> AuditEvent:
    position, writer, seq, at, body, payload = row
    said = json.loads(body)
    return AuditEvent(
        id=str(position),
        writer=writer,
        seq=seq,
        at=datetime.fromisoformat(at),
        tenant_id=tenant_id,
        kind=AuditKind(said["kind"]),
        actor=said["actor"],
        action=said["action"],
        decision=said["decision"],
        outcome=said["outcome"],
        targets=tuple(said["targets"]),
        request_id=said["request"],
        count=said.get("count", 1),
        commitment=said["commitment"],
        personal=json.loads(payload) if payload else {},
    )
