"""What the running application answers: every operation, by method and path."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from fastapi.routing import iter_route_contexts
from starlette.routing import BaseRoute

from app.web.guard import GuardedRoute

_READING = frozenset({"GET", "HEAD", "OPTIONS"})


class UnspokenProtocolError(AssertionError):
    """A route that the matrix cannot ask: it would go untested."""


@dataclass(frozen=True, slots=True)
class Operation:
    """A method and path, and the id of its access rule."""

    id: str
    method: str
    path: str

    def __str__(self) -> str:
        return f"{self.id}: {self.method} {self.path}"

    @property
    def names(self) -> tuple[str, ...]:
        """Return the parameters of the path."""
        return tuple(re.findall(r"{(\w+)}", self.path))

    @property
    def changes(self) -> bool:
        """Whether it may change something."""
        return self.method not in _READING


def operations_of(routes: Sequence[BaseRoute]) -> list[Operation]:
    """Return every operation; UnspokenProtocolError for a route that is none (a WebSocket)."""
    found = []
    for context in iter_route_contexts(routes):
        route = context.original_route
        if not isinstance(route, GuardedRoute):
            kind = type(route).__name__
            raise UnspokenProtocolError(f"{context.path}: the matrix can't ask a {kind}")
        path = route.path_format
        methods = sorted(route.methods or ())
        found += [Operation(route.guarded_operation, method, path) for method in methods]
    return found
