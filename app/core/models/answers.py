"""Questions and answers, with what they rest on."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from app.core.models.documents import FailureReason


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
    """What the sources say. `coverage` is the share of the question's weight they hold, 0..1.

    It is `degraded` if a model was away: sentences are quotes, or search was by words alone.
    """

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
    """How an answer came to be; `id` is the query's. Stage times are in milliseconds.

    `words_alone`: the passages were searched by words alone, as meaning could not be searched for.
    """

    id: str
    terms: tuple[tuple[str, float], ...]  # analysed question terms with their idf
    candidates: tuple[Explained, ...]
    stages_ms: Mapping[str, float]
    passages_searched: int
    words_alone: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Feedback:
    """A reader's verdict on an answer; `id` is the query's id and the author's."""

    id: str
    query_id: str
    rating: int  # -1 or 1
    comment: str = ""
    created_at: datetime
    created_by: str
