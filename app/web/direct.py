"""Operations that take only their path and a JSON body are called without FastAPI's machinery.

It costs more than reading a record does. What is in the path and the body is checked by the same
fields, and everything else that FastAPI does for such an operation is nothing.
"""

from collections.abc import Awaitable, Callable
from typing import Any

import orjson
from fastapi._compat import ModelField
from fastapi.dependencies.models import Dependant
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from app.web.services import call_of

Handler = Callable[[Request], Awaitable[Response]]


def handler(route: APIRoute) -> Handler | None:
    """Return what answers such an operation; None for one that takes more."""
    takes = route.dependant
    if not _is_simple(takes):
        return None
    endpoint: Callable[..., Awaitable[Response]] = route.endpoint
    calls = [one.name for one in takes.dependencies if one.name is not None]
    requests = [takes.request_param_name] if takes.request_param_name else []

    async def answer(request: Request) -> Response:
        values = await _checked(takes, request)
        for name in calls:
            values[name] = await call_of(request)
        for name in requests:
            values[name] = request
        return await endpoint(**values)

    return answer


def _is_simple(takes: Dependant) -> bool:
    """Tell whether all that is taken is path parameters, one model, the call and the request."""
    others = (
        takes.query_params,
        takes.header_params,
        takes.cookie_params,
        takes.response_param_name,
        takes.background_tasks_param_name,
        takes.security_scopes_param_name,
        takes.http_connection_param_name,
    )
    return (
        not any(others)
        and all(one.call is call_of for one in takes.dependencies)
        and (not takes.body_params or _is_one_model(takes.body_params))
    )


def _is_one_model(fields: list[ModelField]) -> bool:
    """Tell whether the body as a whole is a model."""
    kind = fields[0].field_info.annotation
    return len(fields) == 1 and isinstance(kind, type) and issubclass(kind, BaseModel)


async def _checked(takes: Dependant, request: Request) -> dict[str, Any]:
    """Return what is given as the operation declares it; RequestValidationError."""
    values: dict[str, Any] = {}
    errors: list[Any] = []
    for field in takes.path_params:
        location = ("path", field.alias)
        given = request.path_params[field.alias]
        values[field.name], refused = field.validate(given, values, loc=location)
        errors += refused
    for field in takes.body_params:
        values[field.name], refused = await _body(field, request)
        errors += refused
    if errors:
        raise RequestValidationError(errors)
    return values


async def _body(field: ModelField, request: Request) -> tuple[Any, list[Any]]:
    """Return the body, which is JSON by its media type, and what is wrong with it."""
    if not await request.body():
        return None, [{"type": "missing", "loc": ("body",)}]
    try:
        given = await request.json()
    except orjson.JSONDecodeError as error:
        return None, [{"type": "json_invalid", "loc": ("body", error.pos)}]
    return field.validate(given, {}, loc=("body",))
