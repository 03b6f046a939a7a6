"""Which operation a request is for, found by its method and the number of its path's segments.

The framework tries one route after the other and enters two exit stacks for each request. Here the
few that can match are tried, in the same order, and an operation that takes only what its path says
(see `direct`) is called as it is. Everything else is left to the framework: other paths and
methods, and applications below a prefix.
"""

import re
from collections.abc import Sequence

from starlette.requests import Request
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from app.web.guard import GuardedRoute


class Dispatch:
    """Pure ASGI, in front of the framework's router."""

    def __init__(self, routes: Sequence[BaseRoute], others: ASGIApp) -> None:
        self._others = others
        self._known: dict[tuple[str, int], list[tuple[re.Pattern[str], GuardedRoute, ASGIApp]]] = {}
        for route in routes:
            if isinstance(route, GuardedRoute):  # one with a slash in a parameter is left alone
                for method in route.methods or ():
                    place = (method, route.path.count("/"))
                    known = (route.path_regex, route, _entered(route))
                    self._known.setdefault(place, []).append(known)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http" or scope.get("root_path"):
            await self._others(scope, receive, send)
            return
        found = self.find(scope["method"], scope["path"])
        if found is None:
            await self._others(scope, receive, send)
            return
        route, app, scope["path_params"] = found
        scope["endpoint"], scope["route"] = route.endpoint, route
        await app(scope, receive, send)

    def find(self, method: str, path: str) -> tuple[GuardedRoute, ASGIApp, dict[str, str]] | None:
        """Return the first operation that matches, what answers, and the path's parameters."""
        for pattern, route, app in self._known.get((method, path.count("/")), ()):
            if matched := pattern.match(path):
                return route, app, matched.groupdict()
        return None


def _entered(route: GuardedRoute) -> ASGIApp:
    """Return what answers for an operation; what it raises is answered outside."""
    handle = route.direct
    if handle is None:
        return route.app

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        response = await handle(Request(scope, receive, send))
        await response(scope, receive, send)

    return app
