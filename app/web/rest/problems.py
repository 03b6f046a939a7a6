"""The documentation of each problem code: where a problem's `type` leads."""

from typing import Annotated

from fastapi import Path, Request
from starlette.responses import Response

from app.core.errors import NotFoundError
from app.web import shapes
from app.web.answers import Answer
from app.web.openapi.notes import notes
from app.web.problems.catalogue import CATALOGUE
from app.web.problems.rendering import language_of
from app.web.routing import group

router = group("problems", prefix="")


@router.get(
    "/problems/{code}",
    operation_id="getProblem",
    response_model=shapes.ProblemPage,
    summary="Read what a problem code means",
    openapi_extra=notes(problems=("not-found",), gives={200: ("Content-Language",)}),
)
async def get(
    request: Request,
    code: Annotated[
        str, Path(pattern=r"^[a-z-]{1,64}$", description="A code, such as `bad-cursor`.")
    ],
) -> Response:
    """Read what happened and what to do about it, in English or French."""
    if code not in CATALOGUE:
        raise NotFoundError(id=code)
    entry, language = CATALOGUE[code], language_of(request.scope)
    said = entry.said[language]
    page: shapes.ProblemPage = {
        "code": code,
        "status": entry.status,
        "title": said.title,
        "detail": said.detail,
        "meaning": said.meaning,
        "language": language,
    }
    return Answer(page, headers={"Content-Language": language, "Vary": "Accept-Language"})
