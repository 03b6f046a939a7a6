"""Counting for quotas: in this process, or in Redis for all of them."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass

from limits.aio.storage import RedisStorage
from redis.asyncio import BlockingConnectionPool
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from app.adapters.quotas.memory import SweptMemory
from app.adapters.quotas.shared import DEADLINE_S, Breaker, SharedCounter
from app.adapters.quotas.sliding import SlidingCounter

__all__ = ["DEADLINE_S", "Breaker", "Redis", "SharedCounter", "local_counter", "shared_counter"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Redis:
    """Where Redis is. `timeout_s` bounds every question to it, connecting included."""

    host: str
    port: int = 6379
    password: str | None = None
    database: int = 0
    tls: bool = False
    connections: int = 50
    timeout_s: float = DEADLINE_S

    @property
    def address(self) -> str:
        """Return its URL, without the password."""
        return f"redis{'s' if self.tls else ''}://{self.host}:{self.port}/{self.database}"


def local_counter() -> SlidingCounter:
    """Return a counter of this process alone."""
    return SlidingCounter(SweptMemory())


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
        max_connections=redis.connections,
        timeout=redis.timeout_s,  # waiting for a free connection
        socket_timeout=redis.timeout_s,
        socket_connect_timeout=redis.timeout_s,
        retry=Retry(NoBackoff(), 0),
    )
    storage = RedisStorage(
        f"async+{redis.address}",
        implementation="redispy",
        key_prefix="eva",
        connection_pool=pool,  # type: ignore[arg-type]  # handed on to redis as it is
    )
    try:
        yield SharedCounter(SlidingCounter(storage), local_counter(), breaker, redis.timeout_s)
    finally:
        await pool.disconnect()
