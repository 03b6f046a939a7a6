"""Counting for quotas: in this process, or in Redis for all of them."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass

from redis.asyncio import BlockingConnectionPool
from redis.asyncio import Redis as Connection
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.credentials import CredentialProvider

from app.adapters.quotas.memory import LocalCounter
from app.adapters.quotas.remote import RemoteCounter
from app.adapters.quotas.shared import DEADLINE_S, Breaker, SharedCounter

__all__ = ["DEADLINE_S", "Breaker", "Redis", "SharedCounter", "local_counter", "shared_counter"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Redis:
    """Where Redis is. `timeout_s` bounds every question to it, connecting included."""

    host: str
    port: int = 6379
    password: str | None = None
    login: CredentialProvider | None = None  # instead of a password
    database: int = 0
    tls: bool = False
    connections: int = 50
    timeout_s: float = DEADLINE_S

    @property
    def address(self) -> str:
        """Return its URL, without the password."""
        return f"redis{'s' if self.tls else ''}://{self.host}:{self.port}/{self.database}"


def local_counter() -> LocalCounter:
    """Return a counter of this process alone."""
    return LocalCounter()


@contextlib.asynccontextmanager
async def shared_counter(
    redis: Redis, breaker: Breaker | None = None
) -> AsyncIterator[SharedCounter]:
    """Open a counter that is shared through Redis. Redis need not be there yet.

    The library's own attempts are off: their pauses would add up to seconds.
    """
    pool: BlockingConnectionPool = BlockingConnectionPool.from_url(
        redis.address,
        password=redis.password,
        credential_provider=redis.login,
        max_connections=redis.connections,
        timeout=redis.timeout_s,  # waiting for a free connection
        socket_timeout=redis.timeout_s,
        socket_connect_timeout=redis.timeout_s,
        retry=Retry(NoBackoff(), 0),
    )
    remote = RemoteCounter(Connection(connection_pool=pool))
    try:
        yield SharedCounter(remote, LocalCounter(), breaker, redis.timeout_s)
    finally:
        await pool.disconnect()
