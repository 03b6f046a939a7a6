"""The passage indexes that the contract runs against; a new backend is one more entry."""

import os
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import pytest

from app.adapters.embedded.index import open_index
from app.core.ports import PassageIndex
from tests.contract.cosmos import Held, emptied, fresh_database, means
from tests.peers.real import REAL, choices

T = TypeVar("T")
ACCOUNT = "cosmos account"


class Here:
    """Runs a function in this process: what a sandbox does, without the walls."""

    async def run(self, function: Callable[..., T], *args: object, timeout_s: float) -> T:
        """Return the function's result."""
        assert timeout_s > 0
        return function(*args)


@asynccontextmanager
async def _embedded(request: pytest.FixtureRequest) -> AsyncIterator[PassageIndex]:
    folder: Path = request.getfixturevalue("tmp_path")
    async with open_index(folder / "index", Here()) as index:
        yield index


@asynccontextmanager
async def _cosmos_peer(request: pytest.FixtureRequest) -> AsyncIterator[PassageIndex]:
    async with fresh_database(request.getfixturevalue("cosmos_peer")) as store:
        yield store.index


@asynccontextmanager
async def _in_memory(request: pytest.FixtureRequest) -> AsyncIterator[PassageIndex]:
    chosen = replace(means(), cache_bytes=64 << 20)
    async with fresh_database(request.getfixturevalue("cosmos_peer"), chosen) as store:
        yield Held(store.index)


@asynccontextmanager
async def _account(_: pytest.FixtureRequest) -> AsyncIterator[PassageIndex]:
    endpoint, key = (os.environ[name] for name in REAL[ACCOUNT])
    async with emptied(endpoint, key) as store:
        yield store.index


INDEXES: dict[str, Callable[[pytest.FixtureRequest], AbstractAsyncContextManager[PassageIndex]]] = {
    "embedded": _embedded,
    "cosmos peer": _cosmos_peer,
    "cosmos peer, in memory": _in_memory,
    ACCOUNT: _account,
}
CHOICES = choices("embedded", "cosmos peer", "cosmos peer, in memory", real=ACCOUNT)
