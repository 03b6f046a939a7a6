"""Logging in to a real Redis as an identity: by a token, however long that takes."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import redis.asyncio
from azure.core.credentials import AccessToken

from app.adapters.azure.redis_login import IdentityLogin
from app.adapters.quotas import Redis, SharedCounter, shared_counter
from app.core.quotas import Take
from tests.app.adapters.quotas.redis_server import redis_server
from tests.peers.redis import PROGRAM

OBJECT_ID = "11111111-2222-3333-4444-555555555555"


class Metadata:
    """What stands for Azure's token service: asked for one scope, it tells when it is let to."""

    def __init__(self, token: str) -> None:
        self.token = token
        self.scopes: list[str] = []
        self.tells, self.told = asyncio.Event(), asyncio.Event()

    async def get_token(self, *scopes: str, **_: Any) -> AccessToken:
        self.scopes.extend(scopes)
        await self.tells.wait()
        self.told.set()
        return AccessToken(self.token, 2**31)


@pytest.fixture
async def port(tmp_path: Path) -> AsyncIterator[int]:
    if PROGRAM is None:
        pytest.skip("NOT RUN: redis-server is not installed")
    with redis_server(tmp_path) as found:
        async with redis.asyncio.Redis(port=found) as admin:
            await admin.acl_setuser(
                OBJECT_ID,
                enabled=True,
                passwords=["+good-token"],
                categories=["+@all"],
                keys=["*"],
            )
            await admin.acl_setuser("default", enabled=False)
        yield found


@asynccontextmanager
async def counter(port: int, identity: Any) -> AsyncIterator[SharedCounter]:
    """A counter that waits long for Redis, as long as nothing else is said."""
    login = IdentityLogin(OBJECT_ID, identity)
    redis = Redis(host="127.0.0.1", port=port, login=login, timeout_s=60)
    async with shared_counter(redis) as shared:
        yield shared


async def take(shared: SharedCounter) -> None:
    await shared.take(Take("test", limit=1000, cost=1))


async def test_a_token_opens_connections(port: int) -> None:
    identity = Metadata("good-token")
    identity.tells.set()
    async with counter(port, identity) as shared:
        await take(shared)
        assert shared.lost == 0
    assert identity.scopes[0] == "https://redis.azure.com/.default"


async def test_a_token_that_comes_late_serves_those_who_ask_later(port: int) -> None:
    identity = Metadata("good-token")
    async with counter(port, identity) as shared:
        patience_s, shared._deadline_s = shared._deadline_s, 0.05
        await take(shared)
        assert shared.lost == 1, "nobody waited for it"
        shared._deadline_s = patience_s
        identity.tells.set()
        await identity.told.wait()
        await take(shared)  # the connection that was given up may be taken up once more
        lost = shared.lost
        await take(shared)
        assert shared.lost == lost <= 2


async def test_a_token_that_is_refused_costs_no_request(port: int) -> None:
    identity = Metadata("bad-token")
    identity.tells.set()
    async with counter(port, identity) as shared:
        await take(shared)
        assert shared.lost == 1, "counted here instead"
