"""Logging in to a real Redis as an identity: by a token, however long that takes."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import redis.asyncio
from azure.core.credentials import AccessToken

from app.adapters.azure.redis_login import IdentityLogin
from app.adapters.quotas import Redis, SharedCounter, shared_counter
from app.core.quotas import Take
from tests.app.adapters.quotas.redis_server import PROGRAM, redis_server

OBJECT_ID = "11111111-2222-3333-4444-555555555555"


class Metadata:
    """What stands for Azure's token service: slow, and asked for one scope."""

    def __init__(self, token: str, delay_s: float) -> None:
        self.token, self.delay_s = token, delay_s
        self.scopes: list[str] = []

    async def get_token(self, *scopes: str, **_: Any) -> AccessToken:
        self.scopes.extend(scopes)
        await asyncio.sleep(self.delay_s)
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


def counter(port: int, identity: Any) -> Any:
    login = IdentityLogin(OBJECT_ID, identity)
    return shared_counter(Redis(host="127.0.0.1", port=port, login=login))


async def take(shared: SharedCounter) -> None:
    await shared.take(Take("test", limit=1000, cost=1))


async def test_a_token_opens_connections(port: int) -> None:
    identity = Metadata("good-token", 0)
    async with counter(port, identity) as shared:
        await take(shared)
        assert shared.lost == 0
    assert identity.scopes[0] == "https://redis.azure.com/.default"


async def test_a_token_that_comes_late_serves_those_who_ask_later(port: int) -> None:
    async with counter(port, Metadata("good-token", 0.2)) as shared:
        await take(shared)
        assert shared.lost == 1, "nobody waited for it"
        await asyncio.sleep(0.3)
        await take(shared)  # the connection that was given up may be taken up once more
        lost = shared.lost
        await take(shared)
        assert shared.lost == lost <= 2


async def test_a_token_that_is_refused_costs_no_request(port: int) -> None:
    async with counter(port, Metadata("bad-token", 0)) as shared:
        await take(shared)
        assert shared.lost == 1, "counted here instead"
