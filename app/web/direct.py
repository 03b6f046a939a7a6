"""Operations that take nothing but what their path says are called without FastAPI's machinery.

It costs more than reading a record does. What is in the path is checked by the same fields, and
everything else that FastAPI does for such an operation is nothing.
"""

from collections.abc import Awaitable, Callable
from typing import Any

from fastapi.dependencies.models import Dependant
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response

from app.web.services import call_of

Handler = Callable[[Request], Awaitable[Response]]


def handler(route: APIRoute) -> Handler | None:
    """Return what answers such an operation; None for one that takes more."""
    takes = route.dependant
    if route.body_field is not None or not _from_path_only(takes):
        return None
    endpoint: Callable[..., Awaitable[Response]] = route.endpoint
    calls = [one.name for one in takes.dependencies if one.name is not None]
    requests = [takes.request_param_name] if takes.request_param_name else []

    async def answer(request: Request) -> Response:
        values = _checked(takes, request.path_params)
        for name in calls:
            values[name] = await call_of(request)
        for name in requests:
            values[name] = request
        return await endpoint(**values)

    return answer


def _from_path_only(takes: Dependant) -> bool:
    """Tell whether all that is taken is path parameters, the call and the request."""
    others = (
        takes.query_params,
        takes.header_params,
        takes.cookie_params,
        takes.body_params,
        takes.response_param_name,
        takes.background_tasks_param_name,
        takes.security_scopes_param_name,
        takes.http_connection_param_name,
    )
    return not any(others) and all(one.call is call_of for one in takes.dependencies)


def _checked(takes: Dependant, given: dict[str, Any]) -> dict[str, Any]:
    """Return the path parameters as the operation declares them; RequestValidationError."""
    values: dict[str, Any] = {}
    errors: list[Any] = []
    for field in takes.path_params:
        location = ("path", field.alias)
        values[field.name], refused = field.validate(given[field.alias], values, loc=location)
        errors += refused
    if errors:
        raise RequestValidationError(errors)
    return values
