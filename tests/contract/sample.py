"""Real models to store."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from app.core.ids import new_id
from app.core.models import (
    ApiKey,
    Document,
    Job,
    JobKind,
    Lease,
    Partition,
    Scope,
    Space,
    Version,
    VersionRef,
)

NOW = datetime(2026, 11, 22, 12, 30, 15, 123456, tzinfo=UTC)


def a_space(home: Partition, name: str = "Travel policy", *, tags: tuple[str, ...] = ()) -> Space:
    return Space(
        id=new_id("spc"),
        tenant_id=home.tenant_id,
        name=name,
        metadata={"owner": "finance", "pages": 12, "public": True, "years": ["2025", "2026"]},
        tags=tags,
        created_at=NOW,
        updated_at=NOW + timedelta(seconds=1),
        created_by="key_1",
    )


def a_document(space: Partition, title: str = "Allowances", id_: str | None = None) -> Document:
    version = Version(
        number=1,
        filename="allowances.pdf",
        media_type="application/pdf",
        size_bytes=1234,
        sha256="0" * 64,
        created_at=NOW,
        created_by="key_1",
    )
    return Document(
        id=id_ or new_id("doc"),
        tenant_id=space.tenant_id,
        space_id=space.space_id,
        title=title,
        versions=(version,),
        created_at=NOW,
        updated_at=NOW,
        created_by="key_1",
    )


def a_key(home: Partition) -> ApiKey:
    return ApiKey(
        id=new_id("key"),
        tenant_id=home.tenant_id,
        name="laptop",
        secret_sha256="f" * 64,
        scopes=(Scope.SPACES_READ, Scope.ADMIN_ALL),
        space_ids=("spc_1",),
        created_at=NOW,
        created_by="key_0",
    )


def a_job(partition: Partition, kind: JobKind = JobKind.INGEST) -> Job:
    return Job(
        id=new_id("job"),
        kind=kind,
        tenant_id=partition.tenant_id,
        space_id=partition.space_id,
        subject_id=new_id("doc"),
        created_at=NOW,
        detail={"version": 1},
    )


def a_version(space: Partition, version: int = 1, document_id: str | None = None) -> VersionRef:
    return VersionRef(
        tenant_id=space.tenant_id,
        space_id=space.space_id,
        document_id=document_id or new_id("doc"),
        version=version,
    )


def renamed(space: Space, name: str) -> Space:
    return replace(space, name=name)


def minted(job: Job, expires_at: datetime) -> Lease:
    """A lease that its caller made up."""
    return Lease(job=job, token=new_id("tok"), attempt=1, expires_at=expires_at)
