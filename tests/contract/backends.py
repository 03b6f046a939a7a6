"""The backends that every storage contract runs against; a new one is one more entry."""

import os
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from app.adapters import embedded
from app.core.ports import AuditLog, JobQueue, KeyDirectory, Records
from tests.contract.cosmos import emptied, fresh_database
from tests.peers.real import REAL, choices

ACCOUNT = "cosmos account"


@dataclass(frozen=True, slots=True, kw_only=True)
class Storage:
    """The storage ports of one backend, typed as what they promise."""

    records: Records
    keys: KeyDirectory
    jobs: JobQueue
    audit: AuditLog


@asynccontextmanager
async def _embedded(request: pytest.FixtureRequest) -> AsyncIterator[Storage]:
    folder: Path = request.getfixturevalue("tmp_path")
    async with embedded.open_store(folder / "data") as store:
        yield Storage(records=store.records, keys=store.keys, jobs=store.jobs, audit=store.audit)


@asynccontextmanager
async def _cosmos_peer(request: pytest.FixtureRequest) -> AsyncIterator[Storage]:
    async with fresh_database(request.getfixturevalue("cosmos_peer")) as store:
        yield Storage(records=store.records, keys=store.keys, jobs=store.jobs, audit=store.audit)


@asynccontextmanager
async def _account(_: pytest.FixtureRequest) -> AsyncIterator[Storage]:
    endpoint, key = (os.environ[name] for name in REAL[ACCOUNT])
    async with emptied(endpoint, key) as store:
        yield Storage(records=store.records, keys=store.keys, jobs=store.jobs, audit=store.audit)


BACKENDS: dict[str, Callable[[pytest.FixtureRequest], AbstractAsyncContextManager[Storage]]] = {
    "embedded": _embedded,
    "cosmos peer": _cosmos_peer,
    ACCOUNT: _account,
}
CHOICES = choices("embedded", "cosmos peer", real=ACCOUNT)
