"""Documents and their versions."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from app.core.models.places import Metadata, Partition


class DocumentStatus(StrEnum):
    """Where a document is on its way to being answerable."""

    PENDING = "pending"
    PROCESSING = "processing"
    READY = "ready"
    FAILED = "failed"


class FailureReason(StrEnum):
    """Why a document could not be read, or a query not be answered."""

    ENCRYPTED = "encrypted"
    EMPTY = "empty"
    SCANNED = "scanned-without-text"
    UNSUPPORTED = "unsupported-type"
    TOO_LARGE = "too-large"
    BOMB = "decompression-bomb"
    MALFORMED = "malformed"
    TOO_COMPLEX = "too-complex"
    TIMEOUT = "timeout"
    EXHAUSTED = "attempts-exhausted"
    INTERNAL = "internal-error"


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One uploaded content of a document; never changes once stored, save for its state."""

    number: int
    filename: str
    media_type: str
    size_bytes: int
    sha256: str
    created_at: datetime
    created_by: str
    status: DocumentStatus = DocumentStatus.PENDING
    reason: FailureReason | None = None
    language: str | None = None
    pages: int | None = None
    characters: int | None = None
    passages: int | None = None
    indexed_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far the reading of a document's version is; `id` is the document's.

    Kept apart from the document so that progress does not change the document's etag.
    """

    id: str
    version: int
    stage: str  # "reading", "indexing"
    fraction: float  # 0..1


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A document and its versions. `current` is the version that questions see.

    `latest` is the newest upload; it equals `current` unless a newer one is being indexed or
    failed. Until a first version is ready, `current` is None. Numbers are reserved before the
    bytes come, so that two uploads at once never write to one address; an upload that was
    refused leaves a gap.
    """

    id: str
    tenant_id: str
    space_id: str
    title: str
    metadata: Metadata = field(default_factory=dict)
    tags: tuple[str, ...] = ()
    versions: tuple[Version, ...]  # by ascending number
    current: int | None = None
    reserved: int = 1  # the highest version number given out
    created_at: datetime
    updated_at: datetime
    created_by: str
    deleted_at: datetime | None = None

    @property
    def latest(self) -> Version:
        """Return the newest upload."""
        return self.versions[-1]

    def version(self, number: int) -> Version | None:
        """Return the version of this number, if there is one."""
        return next((v for v in self.versions if v.number == number), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionRef:
    """The full address of one version's content."""

    tenant_id: str
    space_id: str
    document_id: str
    version: int

    @property
    def partition(self) -> Partition:
        """Return the space's partition."""
        return Partition(self.tenant_id, self.space_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class ContentClaim:
    """Which document holds this content in a space; `id` is the content's SHA-256."""

    id: str
    document_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Quotation:
    """That a query's answer quotes a document; `id` is `document_id:query_id`."""

    id: str
    query_id: str
    query_space_id: str
