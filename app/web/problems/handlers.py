"""Turns every exception that a route may raise into a problem."""

from collections.abc import Mapping

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match, Route

from app.core.errors import EvaError, InvalidInputError, TooLargeError
from app.web.errors import (
    BadRequestError,
    MalformedBodyError,
    MethodNotAllowedError,
    RouteNotFoundError,
)
from app.web.problems.rendering import Refusal, respond

_BY_STATUS: Mapping[int, type[EvaError]] = {
    400: MalformedBodyError,  # raised by the framework when reading a body fails
    404: RouteNotFoundError,
    405: MethodNotAllowedError,
    413: TooLargeError,
}
_SERVER_ERROR = 500


def install(app: FastAPI) -> None:
    """Register the handlers; on Starlette's HTTPException, which FastAPI's own derives from."""
    app.add_exception_handler(EvaError, _known)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)


async def _known(request: Request, error: Exception) -> Response:
    assert isinstance(error, EvaError)  # noqa: S101 - registered for this class
    return respond(request.scope, error)


async def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for this class
    found = error.errors()
    if any(one["type"] == "json_invalid" for one in found):
        return respond(request.scope, MalformedBodyError())
    return respond(request.scope, InvalidInputError(), refused=[refusal(one) for one in found])


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for this class
    if isinstance(error.__cause__, EvaError):  # what stopped the reading of the body
        return respond(request.scope, error.__cause__)
    fallback = EvaError if error.status_code >= _SERVER_ERROR else BadRequestError
    kind = _BY_STATUS.get(error.status_code, fallback)
    headers = {"Allow": _allowed(request)} if kind is MethodNotAllowedError else error.headers
    return respond(request.scope, kind(), headers=headers)


def _allowed(request: Request) -> str:
    """Return every method that the path has; the framework names those of one route only."""
    methods: set[str] = set()
    for route in request.app.routes:
        if isinstance(route, Route) and route.matches(request.scope)[0] is not Match.NONE:
            methods |= route.methods or set()
    return ", ".join(sorted(methods))


def refusal(one: Mapping[str, object]) -> Refusal:
    """Return pydantic's error as a refused value; the value itself is never repeated."""
    location = one["loc"]
    assert isinstance(location, tuple)  # noqa: S101 - pydantic's contract
    context = one.get("ctx")
    return Refusal(
        part=str(location[0]),
        path=location[1:],
        kind=str(one["type"]),
        context=context if isinstance(context, Mapping) else {},
    )
