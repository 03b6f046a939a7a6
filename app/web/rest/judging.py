"""Looking behind an answer: its sources re-read, how it came to be, what readers think of it."""

from typing import Annotated

from fastapi import Path
from starlette.responses import Response

from app.core import queries, verifying
from app.web import shapes
from app.web.answers import Answer
from app.web.inputs.fields import QueryInPath
from app.web.inputs.queries import FeedbackIn
from app.web.openapi.notes import notes
from app.web.routing import group
from app.web.services import CallDep

router = group("queries")
_NOT_THERE = ("not-ready", "query-failed", "source-deleted")


@router.get(
    "/queries/{query_id}/citations/{number}/verify",
    operation_id="verifyCitation",
    response_model=shapes.CitationCheck,
    summary="Check a citation against its source",
    openapi_extra=notes(problems=_NOT_THERE),
)
async def verify(
    call: CallDep,
    query_id: QueryInPath,
    number: Annotated[int, Path(ge=1, le=10_000, description="The citation's number.")],
) -> Response:
    """Read the stored source again where the citation points, and compare."""
    found = await verifying.verify_citation(call.ports, call.principal, query_id, number)
    return Answer(shapes.check(found))


@router.get(
    "/queries/{query_id}/explain",
    operation_id="explainQuery",
    response_model=shapes.Explanation,
    summary="Explain an answer",
    openapi_extra=notes(problems=_NOT_THERE),
)
async def explain(call: CallDep, query_id: QueryInPath) -> Response:
    """Show the passages that were considered, their scores, and the time of each stage."""
    found = await queries.explain(call.ports, call.principal, query_id)
    return Answer(shapes.explanation(found))


@router.post(
    "/queries/{query_id}/feedback",
    operation_id="giveFeedback",
    status_code=201,
    response_model=shapes.Feedback,
    summary="Judge an answer",
    openapi_extra=notes(problems=_NOT_THERE[:2]),
)
async def judge(call: CallDep, query_id: QueryInPath, body: FeedbackIn) -> Response:
    """Keep your verdict on an answer; a later one replaces it."""
    found = await queries.judge(call.ports, call.principal, query_id, body.rating, body.comment)
    return Answer(shapes.feedback(found), 201)
