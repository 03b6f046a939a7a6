"""The running service with two tenants in it, asked over ASGI; what it stores, read behind it."""

import contextlib
import json
import os
import sqlite3
from collections.abc import AsyncIterator, Collection, Mapping
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

import httpx2

from app.adapters.oidc.dev_issuer import AUDIENCE, DevIssuer, running
from app.core.models import Scope, SpaceRole
from app.core.ports import Ports
from app.settings import Settings
from tests.app.web import house as opening
from tests.app.web.house import House
from tests.authz import callers, objects
from tests.authz.callers import EVERY_SCOPE, Caller
from tests.authz.makers import Ids, request_of
from tests.authz.objects import Roles
from tests.authz.operations import Operation

OWNER, STRANGER = "ten_owner", "ten_stranger"
# Everything there is, but for what tells of requests: trail, usage, keys' uses.
_STORED = """CREATE TEMP VIEW stored AS
    SELECT 'record' AS what, tenant, space, kind, id, etag AS state FROM records
        WHERE kind NOT IN ('usage', 'key-use')
    UNION ALL SELECT 'job', tenant, space, kind, id, attempts FROM jobs
    UNION ALL SELECT 'dead job', tenant, space, kind, id, attempts FROM dead_jobs
"""
_STATES = "SELECT what, kind, id, state FROM stored"
_OWNERS = """SELECT tenant, space, kind, id FROM stored
    WHERE id IN (SELECT value FROM json_each(?))"""


class Owned(NamedTuple):
    """To whom something stored belongs."""

    tenant: str
    space: str
    kind: str
    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """The service and everybody in it."""

    house: House
    issuer: DevIssuer
    anybody: httpx2.AsyncClient
    database: sqlite3.Connection
    blobs: Path
    owned: dict[str, str]  # objects of the owner
    besides: dict[str, str]  # the owner's in another space
    strange: dict[str, str]  # the stranger's
    missing: dict[str, str] = field(default_factory=objects.missing)
    owner: Caller
    bad: list[Caller]
    members: dict[SpaceRole, Caller]  # of the owner's spaces that are their members' only
    guarded: dict[str, str] = field(default_factory=dict)  # objects in such a space
    club: dict[str, str] = field(default_factory=dict)  # in another such space
    outsider: Caller  # a member of that other space only
    closed: dict[str, frozenset[str]] = field(default_factory=dict)

    @property
    def roles(self) -> Roles:
        """Return who has which role in guarded spaces."""
        return {who.id: role for role, who in self.members.items()}

    @property
    def ports(self) -> Ports:
        """Return the ports."""
        return self.house.services.ports

    async def ask(
        self,
        operation: Operation,
        caller: Caller,
        ids: Ids,
        headers: Mapping[str, str] | None = None,
    ) -> httpx2.Response:
        """Return the answer to a valid request about these objects."""
        request: dict[str, Any] = request_of(operation, ids)
        sent = {**request.pop("headers", {}), **caller.headers, **(headers or {})}
        return await self.anybody.request(**request, headers=sent)

    async def fresh(self, members: Roles | None = None) -> dict[str, str]:
        """Return new objects of the owner, to be changed; with members, theirs only."""
        ids = await objects.planted(self.ports, OWNER, members=members)
        self.close(ids, members)
        return ids

    def close(self, ids: Ids, members: Roles | None) -> None:
        """Remember whose these objects are."""
        if members is not None:
            for name in ("space_id", "second_space_id"):
                self.closed[ids[name]] = frozenset(members)

    def stored(self) -> frozenset[tuple[object, ...]]:
        """Return everything there is, each with what changes when it changes."""
        files = (
            ("blob", os.path.join(where, name))  # noqa: PTH118 - ten times faster
            for where, _, names in os.walk(self.blobs)
            for name in names
        )
        return frozenset(chain(self.database.execute(_STATES), files))

    def named(self, ids: Collection[str]) -> list[Owned]:
        """Return what is stored under these ids."""
        rows = self.database.execute(_OWNERS, (json.dumps(list(ids)),))
        return [Owned._make(row) for row in rows]


@contextlib.asynccontextmanager
async def peopled(folder: Path) -> AsyncIterator[World]:
    """Open a world on an empty folder; nobody works in it, so that it changes by requests only."""
    async with contextlib.AsyncExitStack() as stack:
        issuer = await stack.enter_async_context(running("127.0.0.1", 0, environment="development"))
        house = await stack.enter_async_context(opening.opened(_settings(folder, issuer)))
        database = stack.enter_context(
            contextlib.closing(sqlite3.connect(f"file:{folder / 'eva.db'}?mode=ro", uri=True))
        )
        database.execute(_STORED)
        ports = house.services.ports
        owned = await objects.planted(ports, OWNER)
        besides = await objects.planted(ports, OWNER, elsewhere=owned["space_id"])
        strange = await objects.planted(ports, STRANGER)
        for tenant, ids in ((OWNER, owned), (OWNER, besides), (STRANGER, strange)):
            await objects.with_content(ports, tenant, ids)
        world = World(
            house=house,
            issuer=issuer,
            anybody=await house.anybody(),
            database=database,
            blobs=folder / "blobs",
            owned=owned,
            besides=besides,
            strange=strange,
            owner=await callers.holding(ports, "administrator", OWNER, EVERY_SCOPE),
            bad=await callers.refused(ports, issuer, OWNER),
            members={role: await _member(ports, f"member as {role}") for role in SpaceRole},
            outsider=await _member(ports, "member of another space"),
        )
        await _guard(world)
        yield world


async def _member(ports: Ports, name: str) -> Caller:
    return await callers.holding(ports, name, OWNER, EVERY_SCOPE - {Scope.ADMIN_ALL})


async def _guard(world: World) -> None:
    """Plant two spaces that are their members' only; one query was asked of both."""
    club = {world.outsider.id: SpaceRole.MANAGER}
    world.club.update(await world.fresh(club))
    other = world.club["space_id"]
    guarded = await objects.planted(world.ports, OWNER, elsewhere=other, members=world.roles)
    world.guarded.update(guarded)
    world.close(guarded, world.roles)
    for ids in (world.guarded, world.club):
        await objects.with_content(world.ports, OWNER, ids)


def _settings(folder: Path, issuer: DevIssuer) -> Settings:
    trust = {
        "issuer": issuer.url,
        "audiences": [AUDIENCE],
        "tenants": {OWNER: OWNER, STRANGER: STRANGER},
    }
    return Settings.load(
        {
            "EVA_DATA_DIR": str(folder),
            "EVA_WORKER": "off",
            "EVA_OIDC_ISSUERS": json.dumps([trust]),
        }
    )
