"""Guards taken away one at a time: what the matrix must find."""

from collections.abc import Collection
from datetime import datetime
from types import SimpleNamespace
from typing import Any

import jwt
import pytest

from app.core import access, documents, keys, spaces
from app.core.access import PUBLIC, RULES, Principal
from app.core.errors import NotFoundError
from app.core.kinds import DOCUMENTS, SPACES
from app.core.models import Partition, Scope, SpaceRole, Stored
from app.core.ports import Ports, Put
from app.web import guard
from app.web.dispatch import Dispatch
from app.web.guard import GuardedRoute
from tests.authz.world import OWNER, World


def public(patch: pytest.MonkeyPatch, world: World, operation: str) -> None:
    """Open an operation to everybody, contrary to its rule."""
    routes = list(world.house.app.router.routes)
    with patch.context() as building:
        building.setattr(guard, "RULES", {**RULES, operation: PUBLIC})
        for at, route in enumerate(routes):
            if isinstance(route, GuardedRoute) and route.guarded_operation == operation:
                routes[at] = GuardedRoute(
                    route.path,
                    route.endpoint,
                    methods=route.methods,
                    operation_id=operation,
                    response_model=None,
                )
    router = world.house.app.router
    patch.setattr(router, "routes", routes)
    patch.setattr(router, "middleware_stack", Dispatch(routes, router.app))


def any_scope(patch: pytest.MonkeyPatch, *_: object) -> None:
    """Ask for no scope."""
    patch.setattr(Principal, "require", lambda *_: None)


def any_space(patch: pytest.MonkeyPatch, *_: object) -> None:
    """Keep no credential to its spaces."""
    patch.setattr(Principal, "space", lambda self, id_: Partition(self.tenant_id, id_))
    patch.setattr(Principal, "reaches", lambda *_: True)


def any_second_space(patch: pytest.MonkeyPatch, *_: object) -> None:
    """List what spans spaces to whoever reaches the first."""
    patch.setattr(Principal, "reaches", lambda *_: True)


def any_member(patch: pytest.MonkeyPatch, *_: object) -> None:
    """Open members' spaces to their tenant."""
    patch.setattr(access, "enter", lambda *_: None)


def any_listed(patch: pytest.MonkeyPatch, *_: object) -> None:
    """List members' spaces to their tenant."""
    patch.setattr(Principal, "administers", property(lambda _: True))


def any_role(patch: pytest.MonkeyPatch, *_: object) -> None:
    """Let every member of a space do everything."""
    patch.setattr(access, "IN_SPACE", dict.fromkeys(SpaceRole, frozenset(Scope)))


def any_second_member(patch: pytest.MonkeyPatch, *_: object) -> None:
    """Show what spans spaces to whoever belongs to the first."""

    async def careless(_: Ports, __: Principal, space_ids: Collection[str]) -> frozenset[str]:
        return frozenset(space_ids)

    patch.setattr(spaces, "reachable", careless)


def whole_tenant(patch: pytest.MonkeyPatch, *_: object) -> None:
    """Let credentials kept to some spaces at what belongs to the tenant."""
    patch.setattr(access, "WHOLE_TENANT", frozenset())


def any_time(patch: pytest.MonkeyPatch, *_: object) -> None:
    """Let no key expire."""
    past = SimpleNamespace(now=lambda tz: datetime(2000, 1, 1, tzinfo=tz))
    patch.setattr(keys, "datetime", past)


def any_audience(patch: pytest.MonkeyPatch, *_: object) -> None:
    """Take tokens that were issued for others."""
    decode = jwt.decode

    def careless(*given: Any, **said: Any) -> Any:
        del said["audience"]
        said["options"] = {**said["options"], "verify_aud": False}
        return decode(*given, **said)

    patch.setattr(jwt, "decode", careless)


def any_tenant(patch: pytest.MonkeyPatch, *_: object) -> None:
    """Find documents in whichever tenant they are."""
    get = documents.get

    async def careless(ports: Ports, principal: Principal, id_: str, **said: Any) -> Stored[Any]:
        found = await ports.records.find(DOCUMENTS, OWNER, id_)
        return found or await get(ports, principal, id_, **said)

    patch.setattr(documents, "get", careless)


def telling_header(patch: pytest.MonkeyPatch, *_: object) -> None:
    """Tell a foreign document from a missing one by a header."""
    get = documents.get

    async def telling(ports: Ports, principal: Principal, id_: str, **said: Any) -> Stored[Any]:
        if principal.tenant_id != OWNER and await ports.records.find(DOCUMENTS, OWNER, id_):
            raise NotFoundError(id=id_, retry_after=1)
        return await get(ports, principal, id_, **said)

    patch.setattr(documents, "get", telling)


def change_first(patch: pytest.MonkeyPatch, *_: object) -> None:
    """Write to a foreign space before refusing."""
    get = spaces.get

    async def hasty(ports: Ports, principal: Principal, id_: str) -> Stored[Any]:
        foreign = await ports.records.get(SPACES, Partition(OWNER), id_)
        if foreign and principal.tenant_id != OWNER:
            await ports.records.commit(Partition(OWNER), Put(kind=SPACES, value=foreign.value))
        return await get(ports, principal, id_)

    patch.setattr(spaces, "get", hasty)
