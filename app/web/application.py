"""Puts the HTTP face together: operations, problems, middleware, the documented contract."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import FastAPI
from starlette.types import Lifespan

from app.core.tracing import Recorder
from app.web import auth
from app.web.body import BodyRules, BodyWatch
from app.web.cors import Cors
from app.web.dispatch import Dispatch
from app.web.edge import Edge
from app.web.entrance import Entrance, EntranceRules
from app.web.guard import GuardedRoute
from app.web.limits import AddressLimit, AddressRules
from app.web.openapi import building
from app.web.problems import handlers
from app.web.recording import Recording
from app.web.refusal_alarm import RefusalAlarm
from app.web.rest import (
    audit,
    contents,
    documents,
    health,
    jobs,
    judging,
    keys,
    members,
    openapi,
    problems,
    queries,
    receipts,
    spaces,
    uploads,
    usage,
)
from app.web.routing import API
from app.web.shedding import Room, Shedding
from app.web.telemetry import Measuring

_GROUPS = (
    spaces,
    members,
    documents,
    queries,
    judging,
    uploads,
    contents,
    receipts,
    keys,
    usage,
    jobs,
    audit,
    health,
    problems,
    openapi,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class OutsideRules:
    """Who may come in at all: from which address, by which name, from which web pages."""

    addresses: AddressRules
    entrance: EntranceRules
    origins: Sequence[str] = ()
    refusals: int = 0  # how many a minute raise an alarm


class Application(FastAPI):
    """The application. It refuses to be built with a route that has no access rule."""

    def __init__(
        self,
        *,
        lifespan: Lifespan[FastAPI],
        version: str,
        outside: OutsideRules,
        bodies: BodyRules,
        room: Room,
    ) -> None:
        super().__init__(
            version=version,
            lifespan=lifespan,
            openapi_url=None,  # served by an operation of its own, below the same guard
            docs_url=None,
            redoc_url=None,
            redirect_slashes=False,
            telemetry={"tracing": False, "metrics": False, "logs": False},  # ours costs less
        )
        for group in _GROUPS:
            self.router.routes.extend(group.router.routes)
        self.router.routes.extend(_former_key_routes())
        auth.require_rules(self.routes)
        self.router.middleware_stack = Dispatch(self.routes, self.router.middleware_stack)
        handlers.install(self)
        self.add_middleware(BodyWatch, rules=bodies)
        self.add_middleware(AddressLimit, rules=outside.addresses)
        self.add_middleware(Shedding, room=room)
        if outside.entrance.hosts or outside.entrance.https:
            self.add_middleware(Entrance, rules=outside.entrance)
        if outside.origins:
            self.add_middleware(Cors, origins=outside.origins)
        proxies = outside.addresses.proxies
        self.add_middleware(Recording, alarm=RefusalAlarm(outside.refusals), proxies=proxies)
        self.add_middleware(Edge)

    def measure(self, recorder: Recorder | None) -> None:
        """Measure every request from now on, and record traces if there is a recorder."""
        paths = {
            route.guarded_operation: route.path_format
            for route in reversed(self.router.routes)  # the first of an operation is the usual one
            if isinstance(route, GuardedRoute)
        }
        self.add_middleware(Measuring, routes=paths, recorder=recorder)

    def openapi(self) -> dict[str, Any]:
        """Return the OpenAPI document."""
        if self.openapi_schema is None:
            self.openapi_schema = building.document(self, self.version)
        return self.openapi_schema


def _former_key_routes() -> list[GuardedRoute]:
    """Return the key operations below their former path, undocumented but under the same rules."""
    return [
        GuardedRoute(
            route.path.removeprefix(API),
            route.endpoint,
            methods=route.methods,
            operation_id=route.operation_id,
            response_model=None,
            include_in_schema=False,
        )
        for route in keys.router.routes
        if isinstance(route, GuardedRoute) and route.path.startswith(API + keys.FORMER_PREFIX)
    ]
