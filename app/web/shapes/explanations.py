"""How an answer came to be, and what readers think of it."""

from datetime import datetime
from typing import Annotated

from pydantic import Field
from typing_extensions import TypedDict

from app.core import models as m


class Term(TypedDict):
    """A term of the question and how rare it is."""

    term: str
    idf: float


class Candidate(TypedDict):
    """A passage that was considered."""

    document_id: str
    version: int
    passage: int
    title: str
    page: int | None
    lexical: float
    similarity: float
    fused: float
    coverage: float
    used: Annotated[bool, Field(description="Whether the answer rests on it.")]


class Explanation(TypedDict):
    """The candidates, their scores, and the time that each stage took."""

    query_id: str
    terms: list[Term]
    candidates: list[Candidate]
    stages_ms: dict[str, float]
    passages_searched: int
    words_alone: Annotated[
        bool,
        Field(description="The embedding model was out of reach: nothing was searched by meaning."),
    ]


class Feedback(TypedDict):
    """A reader's verdict on an answer."""

    query_id: str
    rating: Annotated[int, Field(description="1 or -1.")]
    comment: str
    created_at: datetime
    created_by: str


def explanation(found: m.Explanation) -> Explanation:
    """Show how an answer came to be."""
    return Explanation(
        query_id=found.id,
        terms=[Term(term=term, idf=idf) for term, idf in found.terms],
        candidates=[
            Candidate(
                document_id=one.document_id,
                version=one.version,
                passage=one.ordinal,
                title=one.title,
                page=one.page,
                lexical=one.lexical,
                similarity=one.similarity,
                fused=one.fused,
                coverage=one.coverage,
                used=one.used,
            )
            for one in found.candidates
        ],
        stages_ms=dict(found.stages_ms),
        passages_searched=found.passages_searched,
        words_alone=found.words_alone,
    )


def feedback(found: m.Feedback) -> Feedback:
    """Show a verdict."""
    return Feedback(
        query_id=found.query_id,
        rating=found.rating,
        comment=found.comment,
        created_at=found.created_at,
        created_by=found.created_by,
    )
