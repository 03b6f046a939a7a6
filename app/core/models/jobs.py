"""Durable work."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from app.core import tracing
from app.core.models.places import Partition, Scalar


class JobKind(StrEnum):
    """The durable work there is."""

    INGEST = "ingest"
    DESCRIBE = "describe"
    ANSWER = "answer"
    ERASE_DOCUMENT = "erase-document"
    ERASE_SPACE = "erase-space"


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A unit of durable work about `subject_id` (a document, query or space)."""

    id: str
    kind: JobKind
    tenant_id: str
    space_id: str
    subject_id: str
    created_at: datetime
    detail: Mapping[str, Scalar] = field(default_factory=dict)
    traceparent: str | None = field(default_factory=tracing.carried)  # of the request behind it

    @property
    def partition(self) -> Partition:
        """Return the partition that the job's records live in."""
        return Partition(self.tenant_id, self.space_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """A claimed job. Whoever presents a lease that is no longer the newest is refused."""

    job: Job
    token: str
    attempt: int  # 1 on the first try
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadJob:
    """A job that was given up, with the reason; it can be replayed."""

    job: Job
    attempts: int
    reason: str
    buried_at: datetime
