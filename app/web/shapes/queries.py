"""Queries and their results."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

from pydantic import Field
from typing_extensions import TypedDict

from app.core import models as m
from app.core.verifying import Verified

_PREVIEW = 200


class Query(TypedDict):
    """A question and where it is; the answer is at `…/result`."""

    id: str
    status: m.QueryStatus
    question: str
    space_ids: list[str]
    language: str | None
    top_k: int
    filter: dict[str, Any] | None
    reason: Annotated[m.FailureReason | None, Field(description="Why it failed.")]
    created_at: datetime
    created_by: str
    completed_at: datetime | None


class QueryPage(TypedDict):
    """One page of queries."""

    items: list[Query]
    next_cursor: Annotated[str | None, Field(description="Null on the last page.")]


class Sentence(TypedDict):
    """One sentence of an answer."""

    text: str
    citations: Annotated[list[int], Field(description="The citations it rests on, by number.")]
    supported: Annotated[bool, Field(description="Whether the server found that they hold it.")]


class Citation(TypedDict):
    """A span of a source that the server re-read: `quote` stands at `start:end`."""

    number: int
    space_id: str
    document_id: str
    version: int
    title: str
    page: int | None
    section: str | None
    start: Annotated[int, Field(description="Character offset in the version's text.")]
    end: int
    quote: str
    sha256: Annotated[str, Field(description="Of the quote in UTF-8.")]
    score: float


class Source(TypedDict):
    """A document that the answer rests on."""

    document_id: str
    title: str
    content_preview: str
    relevance_score: float


class Usage(TypedDict):
    """What the answer cost."""

    prompt_tokens: int
    completion_tokens: int
    passages: int


class QueryResult(TypedDict):
    """An answer whose every citation was checked, or an honest refusal."""

    id: str
    status: m.QueryStatus
    question: str
    language: str
    answer: Annotated[str, Field(description="The sentences with their citation marks.")]
    band: Annotated[m.Band, Field(description="How far the sources carry.")]
    coverage: Annotated[float, Field(description="How much of the question they hold, 0 to 1.")]
    degraded: Annotated[
        bool,
        Field(
            description="A model was out of reach: the sentences are the sources' own, or search "
            "was by words alone."
        ),
    ]
    sentences: list[Sentence]
    citations: list[Citation]
    sources: list[Source]
    usage: Usage
    created_at: datetime
    completed_at: datetime | None


class CitationCheck(TypedDict):
    """What stands in the stored source where a citation points, read just now."""

    number: int
    document_id: str
    version: int
    start: int
    end: int
    quote: str
    text: Annotated[str, Field(description="What the source holds there now.")]
    sha256: Annotated[str, Field(description="Of the bytes read.")]
    matches: bool


def query(found: m.Query) -> Query:
    """Show a query."""
    return Query(
        id=found.id,
        status=found.status,
        question=found.question,
        space_ids=list(found.space_ids),
        language=found.language,
        top_k=found.top_k,
        filter=None if found.filter is None else dict(found.filter),
        reason=found.reason,
        created_at=found.created_at,
        created_by=found.created_by,
        completed_at=found.completed_at,
    )


def result(found: m.Query) -> QueryResult:
    """Show a completed query with its answer."""
    answer = found.answer
    assert answer is not None, "a completed query has an answer"  # noqa: S101 - an invariant
    return QueryResult(
        id=found.id,
        status=found.status,
        question=found.question,
        language=answer.language,
        answer=answer.text,
        band=answer.band,
        coverage=answer.coverage,
        degraded=answer.degraded,
        sentences=[
            Sentence(text=s.text, citations=list(s.citations), supported=s.supported)
            for s in answer.sentences
        ],
        citations=[citation(one) for one in answer.citations],
        sources=_sources(answer),
        usage=Usage(
            prompt_tokens=answer.usage.prompt_tokens,
            completion_tokens=answer.usage.completion_tokens,
            passages=answer.usage.passages,
        ),
        created_at=found.created_at,
        completed_at=found.completed_at,
    )


def citation(found: m.Citation) -> Citation:
    """Show a citation."""
    return Citation(
        number=found.number,
        space_id=found.space_id,
        document_id=found.document_id,
        version=found.version,
        title=found.title,
        page=found.page,
        section=found.section,
        start=found.start,
        end=found.end,
        quote=found.quote,
        sha256=found.quote_sha256,
        score=found.score,
    )


def cited(told: Mapping[str, Any]) -> dict[str, Any]:
    """Show a citation of an event as `citation` shows one."""
    renamed = {**told, "sha256": told["quote_sha256"]}
    return {name: renamed[name] for name in Citation.__annotations__}


def check(found: Verified) -> CitationCheck:
    """Show a citation that was read again."""
    cited = found.citation
    return CitationCheck(
        number=cited.number,
        document_id=cited.document_id,
        version=cited.version,
        start=cited.start,
        end=cited.end,
        quote=cited.quote,
        text=found.text,
        sha256=found.sha256,
        matches=found.matches,
    )


def _sources(answer: m.Answer) -> list[Source]:
    """Return each cited document once, with its best quote."""
    best: dict[str, m.Citation] = {}
    for one in answer.citations:
        if one.document_id not in best or one.score > best[one.document_id].score:
            best[one.document_id] = one
    return [
        Source(
            document_id=one.document_id,
            title=one.title,
            content_preview=one.quote[:_PREVIEW],
            relevance_score=one.score,
        )
        for one in best.values()
    ]
