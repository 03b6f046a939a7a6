"""What a tenant owns: keys, spaces, receipts of deletions, remembered calls."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from app.core.models.places import Metadata


class Scope(StrEnum):
    """What a credential may do."""

    SPACES_READ = "spaces:read"
    SPACES_WRITE = "spaces:write"
    DOCUMENTS_READ = "documents:read"
    DOCUMENTS_WRITE = "documents:write"
    QUERIES_EXECUTE = "queries:execute"
    WEBHOOKS_MANAGE = "webhooks:manage"
    AUDIT_READ = "audit:read"
    ADMIN_ALL = "admin:all"


class Tier(StrEnum):
    """How much may be asked for in a minute (`core.quotas`)."""

    FREE = "free"
    BASIC = "basic"
    PRO = "pro"
    UNLIMITED = "unlimited"


class SpaceRole(StrEnum):
    """What a member may do in a space; `core.roles` says which scopes that are."""

    READER = "reader"
    CONTRIBUTOR = "contributor"
    MANAGER = "manager"


class Visibility(StrEnum):
    """Who sees a space at all."""

    TENANT = "tenant"
    MEMBERS = "members"


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """A credential; of its text only the SHA-256 is kept (`core.key_text`).

    The text before the last rotation is good until `previous_until`. `rotation` names the one that
    made the present text.
    """

    id: str
    tenant_id: str
    name: str
    secret_sha256: str
    scopes: tuple[Scope, ...]
    space_ids: tuple[str, ...] | None = None  # None: every space of the tenant
    created_at: datetime
    created_by: str
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    department: str = ""  # who is charged for what is done with it
    tier: Tier | None = None  # None: its tenant's
    previous_sha256: str | None = None
    previous_until: datetime | None = None
    rotation: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyUse:
    """When a key was last used, to the minute or so."""

    id: str  # the key's
    last_used_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """Somebody who belongs to a space."""

    principal_id: str  # "key:…" or "oidc:…"
    role: SpaceRole
    added_at: datetime
    added_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Space:
    """A named collection of documents that questions are asked of.

    Members count when the space is visible to its members only.
    """

    id: str
    tenant_id: str
    name: str
    description: str = ""
    metadata: Metadata = field(default_factory=dict)
    tags: tuple[str, ...] = ()
    created_at: datetime
    updated_at: datetime
    created_by: str
    deleted_at: datetime | None = None
    visibility: Visibility = Visibility.TENANT
    members: tuple[Member, ...] = ()

    def member(self, principal_id: str) -> Member | None:
        """Return the member of this id."""
        return next((one for one in self.members if one.principal_id == principal_id), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What a deletion removed, counted by a pass that looked again afterwards."""

    id: str  # the deleted object's id
    tenant_id: str
    space_id: str
    subject: str  # "document" or "space"
    requested_at: datetime
    requested_by: str
    completed_at: datetime | None = None
    removed: Mapping[str, int] = field(default_factory=dict)  # blobs, passages, records, …
    remaining: Mapping[str, int] = field(default_factory=dict)  # all zero when it is true
    readers: tuple[str, ...] | None = None  # of a members' space: who they were; else None


@dataclass(frozen=True, slots=True, kw_only=True)
class IdempotentCall:
    """A POST remembered under its Idempotency-Key; `status` is None while it runs."""

    id: str  # sha256 of principal and key
    fingerprint: str  # sha256 of method, path and body
    seed: str  # ids minted by a re-execution are derived from it
    started_at: datetime
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str | None = None
    subjects: tuple[str, ...] = ()  # the documents and spaces that the answer tells of
