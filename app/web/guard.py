"""The route of every operation: who calls is known before anything of the request is read.

In order: credential, quota and scope, unknown query parameters, the body's media type, the
Idempotency-Key; only then FastAPI validates the input and calls the operation.
"""

from collections.abc import Awaitable, Callable, Collection
from typing import Any
from urllib.parse import parse_qsl

import orjson
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Scope

from app.core import tracing
from app.core.access import PUBLIC, RULES, Principal, authorize
from app.core.audit import Act, acting
from app.core.quotas import POLICIES
from app.web import auth, direct, limits, once, timeouts
from app.web.errors import UnsupportedMediaTypeError
from app.web.problems.rendering import REQUEST_ID
from app.web.recording import OPERATION, personal
from app.web.services import PRINCIPAL, services_of

Handler = Callable[[Request], Awaitable[Response]]


class JsonRequest(Request):
    """A request whose JSON is read strictly: UTF-8, no NaN, nothing nested without end."""

    async def json(self) -> Any:  # noqa: ANN401 - what JSON is
        """Return the body's value; JSONDecodeError."""
        return orjson.loads(await self.body())


class GuardedRoute(APIRoute):
    """An operation. Its id must have a rule in `core/access.py`, a policy in `core/quotas.py`."""

    guarded_operation: str
    direct: Handler | None = None  # what answers, if the framework is not needed for it

    def get_route_handler(self) -> Any:  # noqa: ANN401 - as FastAPI declares it, plus Any
        """Return what answers a request."""
        simple = direct.handler(self)
        handle = simple or super().get_route_handler()
        operation = self.guarded_operation = _ruled(self)
        handle = tracing.traced(operation, handle)
        rule = RULES[operation]
        known, reads = _parameters(self), self.body_field
        streaming = getattr(self.endpoint, "streams", False)
        repeatable = "POST" in (self.methods or ()) and not streaming

        async def guarded(plain: Request) -> Response:
            request = plain if reads is None else JsonRequest(plain.scope, plain.receive)
            request.scope[OPERATION] = operation
            if rule is not PUBLIC:
                principal = await limits.admit(request, services_of(request), operation)
                principal = request.scope[PRINCIPAL] = authorize(principal, operation)
                acting.set(_act(request.scope, principal))
                timeouts.require_well_formed(request.scope)
            if known is not None and request.scope["query_string"]:
                _refuse_unknown(request, known)
            if reads is not None:
                await _read_json(request)
            if repeatable and once.HEADER in request.headers:
                return await once.answer(request, handle)
            return await handle(request)

        answer = guarded if rule is PUBLIC or streaming else timeouts.bounded(guarded)
        self.direct = answer if simple else None
        return answer


def _ruled(route: APIRoute) -> str:
    """Return the route's operation; UnguardedRouteError if nobody said who may, and how often."""
    operation = route.operation_id
    if operation is None or operation not in RULES:
        raise auth.UnguardedRouteError(f"{route.path}: no access rule for {operation!r}")
    if operation not in POLICIES:
        raise auth.UnguardedRouteError(f"{route.path}: no quota policy for {operation!r}")
    return operation


def _act(scope: Scope, principal: Principal) -> Act:
    """Return on whose behalf whatever the request changes is changed."""
    return Act(
        tenant_id=principal.tenant_id,
        actor=principal.id,
        action=scope[OPERATION],
        request_id=scope.get(REQUEST_ID, ""),
        personal=personal(scope),
    )


def streams(endpoint: Callable[..., Any]) -> Callable[..., Any]:
    """Mark an operation that reads its body itself, and minds the Idempotency-Key itself."""
    endpoint.streams = True  # type: ignore[attr-defined]
    return endpoint


def _parameters(route: APIRoute) -> frozenset[str] | None:
    """Return the query parameters that an operation knows; None if its model minds them itself."""
    names: set[str] = set()
    for field in route.dependant.query_params:
        annotation = field.field_info.annotation
        if not (isinstance(annotation, type) and issubclass(annotation, BaseModel)):
            names.add(field.alias)
        elif annotation.model_config.get("extra") == "allow":
            return None
        else:
            names.update(info.alias or name for name, info in annotation.model_fields.items())
    return frozenset(names)


def _refuse_unknown(request: Request, known: Collection[str]) -> None:
    query = parse_qsl(request.scope["query_string"].decode("latin-1"), keep_blank_values=True)
    if unknown := {name for name, _ in query} - set(known):
        raise RequestValidationError(
            [{"type": "extra_forbidden", "loc": ("query", name)} for name in sorted(unknown)]
        )


async def _read_json(request: Request) -> None:
    """Read a JSON body before it is parsed, so that its size is what is complained of first."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    is_json = kind == "application/json" or (
        kind.startswith("application/") and kind.endswith("+json")
    )
    if not is_json and (kind or await request.body()):
        raise UnsupportedMediaTypeError(expected="application/json")
    await request.body()
