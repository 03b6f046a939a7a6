"""Examples of the main schemas, made by the same functions that make real answers."""

import hashlib
from datetime import UTC, datetime
from typing import Any

import orjson

from app.core import models as m
from app.core.verifying import Verified
from app.web import shapes

_AT = datetime(2026, 3, 2, 14, 30, tzinfo=UTC)
_SPACE_ID = "spc_01kagq3x5w8m2n4p6r7s9t0v1w"
_DOCUMENT_ID = "doc_01kagq40aa1b2c3d4e5f6g7h8j"
_QUERY_ID = "qry_01kagq52bb1c2d3e4f5g6h7j8k"
_KEY_ID = "01kagq1zcc1d2e3f4g5h6j7k8m"
_BY = f"key:{_KEY_ID}"
_SHA256 = hashlib.sha256(b"an example").hexdigest()
_QUOTE = "Employees receive twenty-five vacation days per year."
_INPUTS: dict[str, list[Any]] = {
    "SpaceIn": [
        {"name": "Handbook", "description": "Rules of the house", "tags": ["hr"]},
    ],
    "SpacePatch": [{"description": "Rules of the house, 2026"}],
    "DocumentPatch": [{"title": "Leave policy", "metadata": {"year": 2026}}],
    "QueryIn": [
        {"space_ids": [_SPACE_ID], "question": "How many vacation days are there?", "top_k": 5},
    ],
    "QuestionIn": [
        {
            "question": "Combien y a-t-il de jours de vacances ?",
            "filter": {"field": "metadata.year", "op": "gte", "value": 2025},
        },
    ],
    "FeedbackIn": [{"rating": 1, "comment": "Exactly the sentence I needed."}],
    "MemberIn": [{"role": "contributor"}],
    "RotationIn": [{"overlap_s": 3600}],
    "LeakedKeyIn": [{"sha256": _SHA256}],
    "ApiKeyIn": [{"name": "intranet search", "scopes": ["spaces:read", "queries:execute"]}],
}


def examples() -> dict[str, list[Any]]:
    """Return examples by the name of their schema, as plain JSON values."""
    outputs = {
        "Space": shapes.space(_space(), 12),
        "Receipt": shapes.receipt(_receipt()),
        "Document": shapes.document(_document(), None),
        "Query": shapes.query(_query()),
        "QueryResult": shapes.result(_query()),
        "CitationCheck": shapes.check(Verified(_citation(), _QUOTE, _SHA256, matches=True)),
        "Explanation": shapes.explanation(_explanation()),
        "Feedback": shapes.feedback(_feedback()),
        "ApiKey": shapes.api_key(_key()),
        "NewApiKey": shapes.new_api_key(_key(), f"eva_{_KEY_ID}_<70 digits and letters>"),
        "DeadJob": shapes.dead_job(_dead_job()),
    }
    return _INPUTS | {name: [orjson.loads(orjson.dumps(one))] for name, one in outputs.items()}


def _space() -> m.Space:
    return m.Space(
        id=_SPACE_ID,
        tenant_id=m.DEFAULT_TENANT,
        name="Handbook",
        description="Rules of the house",
        metadata={"department": "HR", "year": 2026},
        tags=("hr",),
        created_at=_AT,
        updated_at=_AT,
        created_by=_BY,
    )


def _receipt() -> m.Receipt:
    return m.Receipt(
        id=_DOCUMENT_ID,
        tenant_id=m.DEFAULT_TENANT,
        space_id=_SPACE_ID,
        subject="document",
        requested_at=_AT,
        requested_by=_BY,
        completed_at=_AT,
        removed={"passages": 31, "blobs": 3, "quotations": 2},
        remaining={"passages": 0, "blobs": 0},
    )


def _document() -> m.Document:
    version = m.Version(
        number=1,
        filename="leave-policy.pdf",
        media_type="application/pdf",
        size_bytes=183_204,
        sha256=_SHA256,
        created_at=_AT,
        created_by=_BY,
        status=m.DocumentStatus.READY,
        language="en",
        pages=12,
        characters=24_310,
        passages=31,
        indexed_at=_AT,
    )
    return m.Document(
        id=_DOCUMENT_ID,
        tenant_id=m.DEFAULT_TENANT,
        space_id=_SPACE_ID,
        title="Leave policy",
        metadata={"year": 2026},
        tags=("hr", "leave"),
        versions=(version,),
        current=1,
        created_at=_AT,
        updated_at=_AT,
        created_by=_BY,
    )


def _citation() -> m.Citation:
    return m.Citation(
        number=1,
        space_id=_SPACE_ID,
        document_id=_DOCUMENT_ID,
        version=1,
        title="Leave policy",
        page=3,
        section="Vacation",
        start=4021,
        end=4021 + len(_QUOTE),
        byte_start=4025,
        byte_end=4025 + len(_QUOTE),
        quote=_QUOTE,
        quote_sha256=_SHA256,
        score=0.87,
    )


def _query() -> m.Query:
    return m.Query(
        id=_QUERY_ID,
        tenant_id=m.DEFAULT_TENANT,
        space_ids=(_SPACE_ID,),
        question="How many vacation days are there?",
        status=m.QueryStatus.COMPLETED,
        answer=m.Answer(
            band=m.Band.ANSWER,
            language="en",
            sentences=(m.Sentence(text=_QUOTE, citations=(1,)),),
            citations=(_citation(),),
            coverage=0.91,
            usage=m.Usage(passages=5),
        ),
        created_at=_AT,
        created_by=_BY,
        completed_at=_AT,
    )


def _explanation() -> m.Explanation:
    considered = m.Explained(
        document_id=_DOCUMENT_ID,
        version=1,
        ordinal=7,
        title="Leave policy",
        page=3,
        lexical=9.4,
        similarity=0.62,
        fused=0.87,
        coverage=0.91,
        used=True,
    )
    return m.Explanation(
        id=_QUERY_ID,
        terms=(("vacat", 3.2), ("day", 1.1)),
        candidates=(considered,),
        stages_ms={"score": 1.9, "fetch": 0.3, "fuse": 0.1, "compose": 0.8},
        passages_searched=4812,
    )


def _feedback() -> m.Feedback:
    return m.Feedback(
        id=f"{_QUERY_ID}:{_BY}", query_id=_QUERY_ID, rating=1, created_at=_AT, created_by=_BY
    )


def _key() -> m.ApiKey:
    return m.ApiKey(
        id=_KEY_ID,
        tenant_id=m.DEFAULT_TENANT,
        name="intranet search",
        secret_sha256=_SHA256,
        scopes=(m.Scope.SPACES_READ, m.Scope.QUERIES_EXECUTE),
        created_at=_AT,
        created_by=_BY,
    )


def _dead_job() -> m.DeadJob:
    job = m.Job(
        id="job_01kagq6fdd1e2f3g4h5j6k7m8n",
        kind=m.JobKind.INGEST,
        tenant_id=m.DEFAULT_TENANT,
        space_id=_SPACE_ID,
        subject_id=_DOCUMENT_ID,
        created_at=_AT,
    )
    return m.DeadJob(job=job, attempts=5, reason="unavailable", buried_at=_AT)
