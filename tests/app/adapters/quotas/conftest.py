import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from app.adapters.quotas import Redis, local_counter, shared_counter
from app.core.quotas import Counter
from tests.app.adapters.quotas.redis_server import redis_server
from tests.clock import Clock
from tests.peers.redis import PROGRAM


@pytest.fixture(scope="session")
def redis_port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of a redis-server."""
    if PROGRAM is None:
        pytest.skip("redis-server is not installed (Debian: redis-server): nothing was shown of it")
    with redis_server(Path(tmp_path_factory.mktemp("redis"))) as port:
        yield port


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The time that counters in memory see: it stands still, so that no window ends meanwhile."""
    found = Clock(1_800_000_000.0)
    monkeypatch.setattr(time, "time", found)
    return found


@pytest.fixture(params=["memory", "redis"])
async def counter(request: pytest.FixtureRequest) -> AsyncIterator[Counter]:
    """A counter of each kind. Time is not what is tested here: Redis may take long."""
    if request.param == "memory":
        yield local_counter()
        return
    redis = Redis(host="127.0.0.1", port=request.getfixturevalue("redis_port"), timeout_s=60)
    async with shared_counter(redis) as found:
        yield found
        assert found.lost == 0
