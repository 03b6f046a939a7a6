"""The audit trail: chains of hashes, one a writer, sealed by signed checkpoints.

An event's hash covers its writer, number, time, body and the hash before it. A checkpoint names
the head of every chain and the checkpoint before it, is signed, and is copied outside the store:
what a checkpoint covers can't be changed, dropped or rebuilt without being found. What came after
the last one is told apart as the unsealed tail. Personal data is only committed to (salted), so
that erasing it breaks nothing.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, datetime

from app.core.models.auditing import Checkpoint

_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False)
NOTHING = "0" * 64  # what the first hash of all rests on
Verifier = Callable[[bytes, bytes], bool]  # (note, signature) -> does it hold?


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """On whose behalf the running code works; every commit made meanwhile is recorded so."""

    tenant_id: str
    actor: str
    action: str
    request_id: str = ""
    personal: Mapping[str, str] = field(default_factory=dict)


acting: ContextVar[Act | None] = ContextVar("acting", default=None)


@dataclass(frozen=True, slots=True)
class Link:
    """An event as it stands in a chain; `body` is what was hashed, byte for byte."""

    writer: str
    seq: int
    at: str
    body: bytes
    previous: str
    hash: str
    salt: bytes | None = None  # None: the personal data was erased, or there was none
    payload: bytes | None = None


@dataclass(slots=True)
class Report:
    """What verifying found. `problems` is empty when the trail is whole.

    `gaps` counts the events that are known to have been, and are not there.
    """

    events: int = 0
    writers: int = 0
    checkpoints: int = 0
    copies: int = 0
    erased: int = 0
    gaps: int = 0
    unsealed_tail: int = 0
    oldest_unsealed: str | None = None
    problems: list[str] = field(default_factory=list)


def canonical(value: object) -> bytes:
    """Return the one JSON form that is hashed: sorted keys, no spaces, UTF-8."""
    return _ENCODER.encode(value).encode()


def link_hash(writer: str, seq: int, at: str, body: bytes, previous: str) -> str:
    """Return the hash that chains an event to the one before."""
    covered = f"{writer}\n{seq}\n{at}\n{hashlib.sha256(body).hexdigest()}\n{previous}"
    return hashlib.sha256(b"\x00" + covered.encode()).hexdigest()


def commitment(salt: bytes, payload: bytes) -> str:
    """Return what the chain keeps of personal data."""
    return hashlib.sha256(b"\x01" + salt + payload).hexdigest()


def note(number: int, previous: str, heads: Mapping[str, tuple[int, str]], now: datetime) -> bytes:
    """Return the text of a checkpoint, to be signed."""
    return canonical(
        {
            "origin": "eva-audit/1",
            "number": number,
            "previous": previous,
            "time": now.astimezone(UTC).isoformat(),
            "heads": {writer: list(head) for writer, head in heads.items()},
        }
    )


def checkpoint_hash(text: bytes, signature: bytes) -> str:
    """Return the hash by which the next checkpoint names this one."""
    return hashlib.sha256(b"\x02" + text + signature).hexdigest()


def verify(
    links: Iterable[Link],
    checkpoints: Sequence[Checkpoint],
    copies: Sequence[Checkpoint],
    holds: Verifier,
) -> Report:
    """Check every chain, every checkpoint, and both against the copies kept outside the store.

    `links` come ordered by writer and number, `checkpoints` and `copies` by number.
    """
    report = Report(checkpoints=len(checkpoints), copies=len(copies))
    sealed = _checkpoints(checkpoints, copies, holds, report)
    starts = {NOTHING, *(c.hash for c in checkpoints)}
    heads = _chains(links, starts, sealed, report)
    for writer, marks in sealed.items():
        last_seq = max(marks)
        report.gaps += max(0, last_seq - heads.get(writer, 0))
        if writer not in heads:
            report.problems.append(f"writer {writer}: sealed up to {last_seq}, but has no events")
        elif heads[writer] < last_seq:
            report.problems.append(
                f"writer {writer}: ends at {heads[writer]}, but was sealed up to {last_seq}"
            )
    return report


def _checkpoints(
    checkpoints: Sequence[Checkpoint],
    copies: Sequence[Checkpoint],
    holds: Verifier,
    report: Report,
) -> dict[str, dict[int, str]]:
    """Return, by writer and number, the hashes that good checkpoints have sealed."""
    sealed: dict[str, dict[int, str]] = {}
    previous = NOTHING
    for expected, checkpoint in enumerate(checkpoints, start=1):
        wrong = _wrong(checkpoint, expected, previous, holds)
        if wrong:
            report.problems.append(f"checkpoint {expected}: {wrong}")
        previous = checkpoint.hash
        if wrong is None:
            _seal(sealed, checkpoint)
    stored = {c.number: c.hash for c in checkpoints}
    for copy in copies:
        if not holds(copy.note, copy.signature):
            report.problems.append(f"copy of checkpoint {copy.number}: signature does not hold")
        elif stored.get(copy.number) != checkpoint_hash(copy.note, copy.signature):
            report.problems.append(f"checkpoint {copy.number}: the store does not have the copy's")
            _seal(sealed, copy)
    return sealed


def _wrong(checkpoint: Checkpoint, expected: int, previous: str, holds: Verifier) -> str | None:
    if checkpoint.hash != checkpoint_hash(checkpoint.note, checkpoint.signature):
        return "hash does not match"
    if not holds(checkpoint.note, checkpoint.signature):
        return "signature does not hold"
    said = json.loads(checkpoint.note)  # only what was signed is read
    if said["number"] != expected or checkpoint.number != expected:
        return f"number {said['number']} where {expected} was due"
    return None if said["previous"] == previous else "does not follow the one before"


def _seal(sealed: dict[str, dict[int, str]], checkpoint: Checkpoint) -> None:
    for writer, (seq, head) in json.loads(checkpoint.note)["heads"].items():
        sealed.setdefault(writer, {})[seq] = head


def _chains(
    links: Iterable[Link],
    starts: set[str],
    sealed: Mapping[str, Mapping[int, str]],
    report: Report,
) -> dict[str, int]:
    """Check the links; return the last number of each writer."""
    heads: dict[str, int] = {}
    previous: Link | None = None
    for link in links:
        if previous is None or previous.writer != link.writer:
            previous = None
            report.writers += 1
        report.events += 1
        report.gaps += max(0, link.seq - 1 - (previous.seq if previous else 0))
        report.problems.extend(_broken(link, previous, starts, sealed))
        heads[link.writer] = link.seq
        if link.seq > max(sealed.get(link.writer, {0: ""})):
            report.unsealed_tail += 1
            report.oldest_unsealed = min(report.oldest_unsealed or link.at, link.at)
        report.erased += link.payload is None and b'"commitment":null' not in link.body
        previous = link
    return heads


def _broken(
    link: Link,
    previous: Link | None,
    starts: set[str],
    sealed: Mapping[str, Mapping[int, str]],
) -> Iterable[str]:
    name = f"event {link.writer}/{link.seq}"
    if link.hash != link_hash(link.writer, link.seq, link.at, link.body, link.previous):
        yield f"{name}: was changed"
        return
    due = 1 if previous is None else previous.seq + 1
    if link.seq != due:
        yield f"{name}: number {due} is missing"
    elif previous is None and link.previous not in starts:
        yield f"{name}: does not rest on a known checkpoint"
    elif previous is not None and link.previous != previous.hash:
        yield f"{name}: does not follow the event before"
    if sealed.get(link.writer, {}).get(link.seq, link.hash) != link.hash:
        yield f"{name}: is not the event that was sealed"
    if isinstance(link.salt, bytes) and isinstance(link.payload, bytes):
        said = json.loads(link.body).get("commitment")
        if said != commitment(link.salt, link.payload):
            yield f"{name}: personal data does not match its commitment"
