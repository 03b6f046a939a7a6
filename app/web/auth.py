"""Who is calling. Every route is guarded by a rule of `core/access.py`, or the app won't start."""

from collections.abc import Sequence

from fastapi.routing import iter_route_contexts
from starlette.datastructures import Headers
from starlette.routing import BaseRoute

from app.core import keys
from app.core.access import RULES, Principal
from app.core.errors import UnauthenticatedError
from app.core.ports import Ports


class UnguardedRouteError(RuntimeError):
    """A route without an access rule: the application refuses to start."""


def require_rules(routes: Sequence[BaseRoute]) -> None:
    """Raise UnguardedRouteError unless every route is an operation that has a rule.

    Included routers, mounts and websockets are seen too.
    """
    for context in iter_route_contexts(routes):
        operation = getattr(context.original_route, "guarded_operation", None)
        if operation not in RULES:
            raise UnguardedRouteError(f"{context.path}: no access rule for {operation!r}")


async def authenticate(ports: Ports, headers: Headers) -> Principal:
    """Return who is calling, by API key or access token; UnauthenticatedError."""
    token = _token(headers)
    if token.startswith("eva_"):
        return await keys.authenticate(ports, token)
    if token and ports.tokens is not None:
        return await ports.tokens.verify(token)
    raise UnauthenticatedError


def _token(headers: Headers) -> str:
    key = headers.get("x-api-key")
    if key is not None:
        return key
    kind, _, token = headers.get("authorization", "").partition(" ")
    return token.strip() if kind.lower() == "bearer" else ""
