"""What EVA needs of the world, as small Protocols named by role.

Every call names the tenant (through `Partition`, `VersionRef` or `Job`); the one exception,
`KeyDirectory.find_key`, is how a caller's tenant becomes known. Any method may raise
`UnavailableError` when its dependency is down; `StorageFullError` when there is no room.
"""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol, TypeAlias, TypeVar

from app.core.filters import Attributes, Filter
from app.core.kinds import Kind
from app.core.models import (
    ApiKey,
    DeadJob,
    Extraction,
    Job,
    JobKind,
    Lease,
    Page,
    Partition,
    Passage,
    Stored,
    VersionRef,
)

T = TypeVar("T")
BlobPart: TypeAlias = Literal["original", "text", "map"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Put:
    """Write a record. At most one of the conditions may be set; StaleEtagError / ConflictError."""

    kind: Kind[Any]
    value: Any
    if_etag: str | None = None
    if_absent: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Remove:
    """Delete a record; a missing one is no error unless `if_etag` is set (StaleEtagError)."""

    kind: Kind[Any]
    id: str
    if_etag: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Enqueue:
    """Make a job durable with the change that needs it.

    With a `lease` (the caller mints its token) the job is born claimed: this saves a commit where
    the process that accepts the work also does it.
    """

    job: Job
    lease: Lease | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Settle:
    """The job of this lease is done. LeaseLostError (and nothing written) when it is not ours."""

    lease: Lease


Change: TypeAlias = Put | Remove | Enqueue | Settle


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """Which page: ids behind `after` in the order asked for, that start with `prefix`."""

    after: str | None = None
    limit: int = 20
    descending: bool = False
    where: Filter | None = None
    prefix: str = ""


class Records(Protocol):
    """Durable records, atomic within a partition. A returned commit has been fsynced."""

    async def get(self, kind: Kind[T], partition: Partition, id_: str) -> Stored[T] | None:
        """Return a record, or None; point read."""

    async def get_many(
        self, kind: Kind[T], partition: Partition, ids: Sequence[str]
    ) -> Mapping[str, Stored[T]]:
        """Return those of the records that exist, by id."""

    async def locate(self, kind: Kind[T], tenant_id: str, id_: str) -> Partition | None:
        """Return the partition of this tenant that holds the record; None if none does."""

    async def page(self, kind: Kind[T], partition: Partition, listing: Listing) -> Page[Stored[T]]:
        """Return one page of the partition's records, by id."""

    async def count(self, kind: Kind[T], partition: Partition) -> int:
        """Return how many records of the kind the partition holds; cheap."""

    async def commit(self, partition: Partition, *changes: Change) -> Sequence[str]:
        """Apply all changes or none; return the new etag of each Put, "" for other changes.

        A change's job must belong to the partition. Raises StaleEtagError, ConflictError (a Put
        with `if_absent` met a record), LeaseLostError.
        """

    async def erase(self, partition: Partition) -> int:
        """Delete every record of a space's partition, jobs included; return how many."""

    async def tenants(self) -> Sequence[str]:
        """Return the tenants that own anything; for maintenance, never for a request."""

    async def ping(self) -> None:
        """Raise UnavailableError if records can't be read and written."""


class KeyDirectory(Protocol):
    """Finds a credential before the caller's tenant is known."""

    async def find_key(self, key_id: str) -> Stored[ApiKey] | None:
        """Return the key of this id in whichever tenant it is."""


class JobQueue(Protocol):
    """Durable jobs under leases. Jobs enter by `Enqueue` and leave by `Settle` in a commit."""

    async def claim(self, kinds: Sequence[JobKind], *, worker: str, lease_s: float) -> Lease | None:
        """Claim the oldest job that is free or whose lease ran out; None if there is none."""

    async def wait(self, kinds: Sequence[JobKind], timeout_s: float) -> None:
        """Return when there may be something to claim, at the latest after the timeout."""

    async def extend(self, lease: Lease, *, lease_s: float) -> Lease:
        """Keep a job; raises LeaseLostError if another worker has it or it is gone."""

    async def release(self, lease: Lease, *, delay_s: float, reason: str) -> None:
        """Give a job back, to be claimed again no sooner than after the delay."""

    async def bury(self, lease: Lease, *, reason: str) -> None:
        """Give a job up: it moves to the dead-letter list."""

    async def dead(self, tenant_id: str, *, after: str | None, limit: int) -> Page[DeadJob]:
        """List the tenant's dead jobs by ascending id."""

    async def replay(self, tenant_id: str, job_id: str) -> bool:
        """Move a dead job back into the queue with fresh attempts; False if there is none."""

    async def depth(self) -> Mapping[str, int]:
        """Return `{"waiting": n, "running": n, "dead": n, "oldest_s": seconds}`."""


@dataclass(frozen=True, slots=True)
class BlobInfo:
    """What a stored blob is."""

    size_bytes: int
    sha256: str


class BlobStore(Protocol):
    """Bytes of document versions, in named parts."""

    async def put(
        self, ref: VersionRef, part: BlobPart, data: AsyncIterator[bytes], *, max_bytes: int
    ) -> BlobInfo:
        """Store a part, streaming; durable on return, replaces, never half-stored.

        Raises TooLargeError as soon as more than `max_bytes` came, and keeps nothing.
        """

    def read(self, ref: VersionRef, part: BlobPart) -> AsyncIterator[bytes]:
        """Stream a part; raises NotFoundError before the first chunk."""

    async def read_range(self, ref: VersionRef, part: BlobPart, start: int, end: int) -> bytes:
        """Return bytes `[start, end)`, fewer at the end of the blob; raises NotFoundError."""

    async def info(self, ref: VersionRef, part: BlobPart) -> BlobInfo | None:
        """Return a part's size and hash (recomputed from what is stored), None if absent."""

    def local(self, ref: VersionRef, part: BlobPart) -> AbstractAsyncContextManager[Path]:
        """Lend the part as a local file to be read; raises NotFoundError."""

    async def delete(self, partition: Partition, document_id: str) -> int:
        """Delete every part of every version of a document; return how many blobs."""

    async def drop(self, partition: Partition) -> int:
        """Delete every blob of a space; return how many."""

    async def count(self, partition: Partition, document_id: str | None = None) -> int:
        """Return how many blobs a space, or a document of it, has."""

    async def ping(self) -> None:
        """Raise UnavailableError if blobs can't be written."""


class Extractor(Protocol):
    """Reads text out of files, under limits, away from this process."""

    def media_type(self, filename: str, head: bytes) -> str:
        """Return the media type by content and name; raises UnsupportedTypeError."""

    async def extract(
        self, path: Path, media_type: str, *, progress: Callable[[float], None] | None = None
    ) -> Extraction:
        """Read a file; raises ExtractionFailedError with a `FailureReason`.

        `progress` is told the share done (0..1, rising) now and then, on the event loop.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A passage that search proposes. Scores are raw; `ranking.fuse` makes them comparable.

    `matched` are indexes into `Found.terms`. `similarity` is a cosine in 0..1.
    """

    passage: Passage
    space_id: str
    lexical: float
    similarity: float
    matched: frozenset[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What search returned: the question's analysed terms with their idf, and candidates.

    A term that the space does not know weighs ln(N + 1), N its passages.
    """

    terms: tuple[tuple[str, float], ...]
    candidates: tuple[Candidate, ...]
    passages_searched: int
    stages_ms: Mapping[str, float] = field(default_factory=dict)


class PassageIndex(Protocol):
    """Searchable passages, one index a space."""

    async def stage(self, ref: VersionRef, title: str, extraction: Extraction) -> int:
        """Index a version beside what is visible; return how many passages it has.

        What is staged is invisible. Staging again replaces what was staged before; staging the
        visible version again (a re-index) leaves the visible one as it is until `activate`.
        """

    async def activate(self, ref: VersionRef, attributes: Attributes) -> None:
        """Make a staged version the only visible one of its document, atomically. Idempotent."""

    async def describe(
        self, partition: Partition, document_id: str, title: str, attributes: Attributes
    ) -> None:
        """Replace what a visible document is titled and filtered by; absent is no error."""

    async def remove(self, partition: Partition, document_id: str) -> int:
        """Remove every version of a document; return how many passages went."""

    async def drop(self, partition: Partition) -> None:
        """Remove a space's whole index."""

    async def count(self, partition: Partition, document_id: str | None = None) -> int:
        """Return how many passages (visible and staged) a space or document has."""

    async def search(
        self, partition: Partition, question: str, *, limit: int, where: Filter | None = None
    ) -> Found:
        """Return the best candidates of a space among visible passages that pass the filter.

        Both legs are searched; every candidate carries both scores. A space without an index
        finds nothing.
        """

    async def ping(self) -> None:
        """Raise UnavailableError if the index can't be used."""


class Analyzer(Protocol):
    """Turns text into index terms: folded, stemmed, without stop words, in text order."""

    def terms(self, text: str) -> list[str]:
        """Return the terms of a text, repeated as they occur; cheap, synchronous."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """What a composer may use: the question and the ranked passages (best first)."""

    question: str
    language: str
    found: Found
    ranked: tuple["Ranked", ...]
    answer_language_only: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranked:
    """A candidate with its fused score (0..1) and its coverage of the question (0..1)."""

    candidate: Candidate
    score: float
    coverage: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A composed sentence and what it rests on: spans of ranked passages, in character offsets."""

    text: str
    supports: tuple["Support", ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Support:
    """The span `start:end` (document offsets) of `ranked[index]`, said to read `quote`."""

    index: int
    start: int
    end: int
    quote: str


class Composer(Protocol):
    """Writes an answer from ranked passages. What it claims is checked before anyone sees it."""

    name: str

    def compose(self, material: Material) -> AsyncIterator[Claim]:
        """Yield the sentences of an answer in order; none if the material holds none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """Everything a use case may reach. Tests replace one with `dataclasses.replace`."""

    records: Records
    keys: KeyDirectory
    jobs: JobQueue
    blobs: BlobStore
    extractor: Extractor
    index: PassageIndex
    analyzer: Analyzer
    composer: Composer
