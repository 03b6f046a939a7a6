from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from app.adapters.quotas import Redis, local_counter, shared_counter
from app.core.quotas import Counter
from tests.app.adapters.quotas.redis_server import PROGRAM, redis_server


@pytest.fixture(scope="session")
def redis_port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of a redis-server."""
    if PROGRAM is None:
        pytest.skip("redis-server is not installed (Debian: redis-server): nothing was shown of it")
    with redis_server(Path(tmp_path_factory.mktemp("redis"))) as port:
        yield port


@pytest.fixture(params=["memory", "redis"])
async def counter(request: pytest.FixtureRequest) -> AsyncIterator[Counter]:
    """A counter of each kind. Time is not what is tested here: Redis may take long."""
    if request.param == "memory":
        yield local_counter()
        return
    redis = Redis(host="127.0.0.1", port=request.getfixturevalue("redis_port"), timeout_s=10)
    async with shared_counter(redis) as found:
        yield found
        assert found.lost == 0
