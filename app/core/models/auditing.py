"""What the audit trail holds."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class AuditKind(StrEnum):
    """Whether an event tells of a request as a whole or of a change that was committed."""

    REQUEST = "request"
    CHANGE = "change"


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEvent:
    """Who did what to which objects, and how it went. Holds no personal data.

    It tells of `count` requests: of more than one if they were turned away within the same minute,
    from the same address and for the same reason, before any operation saw them.
    `commitment` is the salted hash of the personal data kept beside the chain (`personal`), which
    can be erased without breaking it. `seq` counts from 1 in the chain of its `writer`.
    """

    id: str  # position in this store's list of events, for paging
    writer: str
    seq: int
    at: datetime
    tenant_id: str
    kind: AuditKind
    actor: str
    action: str  # an operation id, or a job's kind
    decision: str  # "allowed" or "denied"
    outcome: str  # an HTTP status, or "committed"
    targets: tuple[str, ...] = ()  # "document/doc_…", of changes "put document/doc_…"
    request_id: str = ""
    count: int = 1
    commitment: str | None = None
    personal: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """A signed note of how far every writer's chain had come."""

    number: int
    note: bytes  # canonical JSON: number, previous hash, time, heads of the writers
    signature: bytes
    hash: str  # sha256 of note and signature
