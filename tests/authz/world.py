"""The running service with two tenants in it, asked over ASGI; what it stores, read behind it."""

import contextlib
import json
import os
import sqlite3
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import httpx2

from app.adapters.oidc.dev_issuer import AUDIENCE, DevIssuer, running
from app.core.ports import Ports
from app.settings import Settings
from tests.app.web import house as opening
from tests.app.web.house import House
from tests.authz import callers, objects
from tests.authz.callers import EVERY_SCOPE, Caller
from tests.authz.makers import Ids, request_of
from tests.authz.operations import Operation

OWNER, STRANGER = "ten_owner", "ten_stranger"
_TABLES = (
    "SELECT 'record', tenant, space, kind, id, etag FROM records WHERE kind <> 'usage'",
    "SELECT 'job', tenant, space, kind, id, attempts FROM jobs",
    "SELECT 'dead job', tenant, space, kind, id, attempts FROM dead_jobs",
)


class Row(NamedTuple):
    """Something stored."""

    what: str
    tenant: str
    space: str
    kind: str
    id: str
    state: object


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

    async def fresh(self) -> dict[str, str]:
        """Return new objects of the owner, to be changed."""
        return await objects.planted(self.ports, OWNER)

    def stored(self) -> frozenset[Row]:
        """Return everything there is, but for what counts requests: trail and usage."""
        rows = [Row._make(row) for table in _TABLES for row in self.database.execute(table)]
        files = [
            Row("blob", "", "", "", os.path.join(where, name), 0)  # noqa: PTH118 - ten times faster
            for where, _, names in os.walk(self.blobs)
            for name in names
        ]
        return frozenset(rows + files)


@contextlib.asynccontextmanager
async def peopled(folder: Path) -> AsyncIterator[World]:
    """Open a world on an empty folder; nobody works in it, so that it changes by requests only."""
    async with contextlib.AsyncExitStack() as stack:
        issuer = await stack.enter_async_context(running("127.0.0.1", 0, environment="development"))
        house = await stack.enter_async_context(opening.opened(_settings(folder, issuer)))
        database = stack.enter_context(
            contextlib.closing(sqlite3.connect(f"file:{folder / 'eva.db'}?mode=ro", uri=True))
        )
        ports = house.services.ports
        owned = await objects.planted(ports, OWNER)
        besides = await objects.planted(ports, OWNER, elsewhere=owned["space_id"])
        strange = await objects.planted(ports, STRANGER)
        for tenant, ids in ((OWNER, owned), (OWNER, besides), (STRANGER, strange)):
            await objects.with_content(ports, tenant, ids)
        yield World(
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
        )


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
