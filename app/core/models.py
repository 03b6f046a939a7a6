"""The nouns of EVA. Frozen dataclasses; times are UTC; spans are half-open character offsets."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Generic, TypeVar

T = TypeVar("T")
Scalar = str | int | float | bool
Metadata = Mapping[str, Scalar | list[str]]

DEFAULT_TENANT = "ten_default"


@dataclass(frozen=True, slots=True)
class Partition:
    """Where records live together: a tenant, and one of its spaces or `""` for the tenant itself.

    A commit is atomic inside one partition. It is Cosmos DB's hierarchical partition key.
    """

    tenant_id: str
    space_id: str = ""


@dataclass(frozen=True, slots=True)
class Stored(Generic[T]):
    """A value as read, with the opaque tag that names this revision of it."""

    value: T
    etag: str


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One page of a keyset listing; `next_after` is None on the last page."""

    items: tuple[T, ...]
    next_after: str | None = None


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


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """A credential; only the SHA-256 of its secret is kept."""

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
    last_used_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Space:
    """A named collection of documents that questions are asked of."""

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
class PageSpan:
    """A page (or sheet, slide, part) of the extracted text; `number` starts at 1."""

    number: int
    start: int
    end: int
    label: str | None = None  # a sheet's or slide's name


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A heading of the extracted text; it reaches to the next heading."""

    title: str
    level: int
    start: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PassageSpan:
    """A passage cut from the text: exact offsets, never across a page.

    `start`/`end` count characters, `byte_start`/`byte_end` the same span in the UTF-8 text, so
    that a span can be re-read from storage without reading what precedes it.
    """

    ordinal: int
    start: int
    end: int
    byte_start: int
    byte_end: int
    page: int | None = None
    section: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Extraction:
    """What reading a file gives. `text` is normalised (NFC, LF); everything else points into it."""

    text: str
    language: str  # "en" or "fr"
    pages: tuple[PageSpan, ...] = ()  # empty for formats without pages
    sections: tuple[Section, ...] = ()
    passages: tuple[PassageSpan, ...] = ()
    title: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """A passage as retrieved, with its text and full address."""

    document_id: str
    version: int
    title: str
    span: PassageSpan
    text: str
    language: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Citation:
    """A claim about a source that the server re-read: `quote` stands at `start:end`."""

    number: int
    space_id: str
    document_id: str
    version: int
    title: str
    page: int | None
    section: str | None
    start: int
    end: int
    byte_start: int
    byte_end: int
    quote: str
    quote_sha256: str
    score: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence:
    """One sentence of an answer; `citations` are numbers, `supported` is the server's finding."""

    text: str
    citations: tuple[int, ...] = ()
    supported: bool = True


class Band(StrEnum):
    """How far the sources carry: an answer, the closest passages, or an honest nothing."""

    ANSWER = "answer"
    CLOSEST = "closest"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What an answer cost; token counts are zero when no model was asked."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    passages: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the sources say. `coverage` is the share of the question's weight they hold, 0..1."""

    band: Band
    language: str
    sentences: tuple[Sentence, ...]
    citations: tuple[Citation, ...]
    coverage: float
    degraded: bool = False
    composer: str = "extractive"
    dropped_citations: int = 0
    usage: Usage = field(default_factory=Usage)

    @property
    def text(self) -> str:
        """Return the sentences with their citation marks, as plain text."""
        return " ".join(s.text + "".join(f" [{n}]" for n in s.citations) for s in self.sentences)


class QueryStatus(StrEnum):
    """Where a query is."""

    PENDING = "pending"
    PROCESSING = "processing"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """A question asked of one or several spaces. It lives in the partition of the first."""

    id: str
    tenant_id: str
    space_ids: tuple[str, ...]
    question: str
    language: str | None = None  # None: detected
    top_k: int = 5
    filter: Mapping[str, object] | None = None  # the JSON form of `filters.Filter`
    status: QueryStatus = QueryStatus.PENDING
    reason: FailureReason | None = None
    answer: Answer | None = None
    created_at: datetime
    created_by: str
    completed_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """One candidate in the making of an answer."""

    document_id: str
    version: int
    ordinal: int
    title: str
    page: int | None
    lexical: float
    similarity: float
    fused: float
    coverage: float
    used: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """How an answer came to be; `id` is the query's. Stage times are in milliseconds."""

    id: str
    terms: tuple[tuple[str, float], ...]  # analysed question terms with their idf
    candidates: tuple[Explained, ...]
    stages_ms: Mapping[str, float]
    passages_searched: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Feedback:
    """A reader's verdict on an answer; `id` is the query's id and the author's."""

    id: str
    query_id: str
    rating: int  # -1 or 1
    comment: str = ""
    created_at: datetime
    created_by: str


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
    traceparent: str | None = None

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


@dataclass(frozen=True, slots=True, kw_only=True)
class IdempotentCall:
    """A POST remembered under its Idempotency-Key; `response` is None while it runs."""

    id: str  # sha256 of principal and key
    fingerprint: str  # sha256 of method, path and body
    seed: str  # ids minted by a re-execution are derived from it
    started_at: datetime
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str | None = None


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
