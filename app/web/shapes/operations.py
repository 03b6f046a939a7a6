"""Keys, jobs and the health of the service."""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import Field
from typing_extensions import TypedDict

from app.core import models as m


class ApiKey(TypedDict):
    """A credential; its token is shown once, when it is made or rotated."""

    id: str
    name: str
    scopes: list[m.Scope]
    space_ids: Annotated[list[str] | None, Field(description="Null: every space.")]
    created_at: datetime
    created_by: str
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: Annotated[datetime | None, Field(description="To the minute or so.")]
    department: Annotated[str, Field(description="Who is charged for its use.")]
    tier: Annotated[m.Tier | None, Field(description="Null: its tenant's.")]
    previous_valid_until: Annotated[
        datetime | None, Field(description="Until when the text before the last rotation works.")
    ]
    is_active: bool


class NewApiKey(ApiKey):
    """A fresh key with the only showing of its token."""

    token: Annotated[
        str | None,
        Field(description="The secret; null when an Idempotency-Key replays the answer."),
    ]


class ApiKeyPage(TypedDict):
    """One page of keys."""

    items: list[ApiKey]
    next_cursor: Annotated[str | None, Field(description="Null on the last page.")]


class DeadJob(TypedDict):
    """A job that was given up; it can be replayed."""

    id: str
    kind: m.JobKind
    space_id: str
    subject_id: Annotated[str, Field(description="The document, query or space it was about.")]
    attempts: int
    reason: str
    created_at: datetime
    buried_at: datetime


class DeadJobPage(TypedDict):
    """One page of dead jobs."""

    items: list[DeadJob]
    next_cursor: Annotated[str | None, Field(description="Null on the last page.")]


class Health(TypedDict):
    """That the service runs."""

    status: Annotated[str, Field(description="`ok`.")]
    version: str
    timestamp: datetime


class Readiness(TypedDict):
    """Whether the service can work; each dependency is `ok` or `failed`."""

    ready: bool
    checks: dict[str, str]
    timestamp: datetime


class DetailedHealth(Health):
    """What an operator wants to know at a glance."""

    ready: bool
    checks: dict[str, str]
    checks_ms: dict[str, float]
    jobs: Annotated[
        dict[str, float],
        Field(description="Waiting, running, dead, oldest in s; for the operator only."),
    ]
    disk: Annotated[
        dict[str, int], Field(description="Bytes: total, used, free; for the operator only.")
    ]
    versions: dict[str, str]


class ProblemPage(TypedDict):
    """What a problem code means and what to do about it."""

    code: str
    status: int
    title: str
    detail: str
    meaning: str
    language: str


def api_key(found: m.ApiKey, last_used_at: datetime | None = None) -> ApiKey:
    """Show a key, never its secret."""
    expired = found.expires_at is not None and found.expires_at <= datetime.now(UTC)
    return ApiKey(
        id=found.id,
        name=found.name,
        scopes=list(found.scopes),
        space_ids=None if found.space_ids is None else list(found.space_ids),
        created_at=found.created_at,
        created_by=found.created_by,
        expires_at=found.expires_at,
        revoked_at=found.revoked_at,
        last_used_at=last_used_at,
        department=found.department,
        tier=found.tier,
        previous_valid_until=found.previous_until,
        is_active=found.revoked_at is None and not expired,
    )


def new_api_key(found: m.ApiKey, token: str | None) -> NewApiKey:
    """Show a fresh key with its token."""
    return {**api_key(found), "token": token}


def dead_job(found: m.DeadJob) -> DeadJob:
    """Show a dead job."""
    return DeadJob(
        id=found.job.id,
        kind=found.job.kind,
        space_id=found.job.space_id,
        subject_id=found.job.subject_id,
        attempts=found.attempts,
        reason=found.reason,
        created_at=found.job.created_at,
        buried_at=found.buried_at,
    )
