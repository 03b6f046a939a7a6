"""The guards of Azure's services fit the adapters that stand behind them."""

from collections.abc import Awaitable, Callable
from operator import attrgetter

import pytest

from app.adapters.azure.cosmos import CosmosCalls, CosmosPlace, open_cosmos
from app.adapters.resilience import State, behind
from app.core.errors import UnavailableError
from app.settings import Settings
from app.wiring.guards import guards
from tests.contract.cosmos import VECTORS, means
from tests.peers.cosmos.accounts import KEY


@pytest.mark.parametrize("port", ["records.tenants", "jobs.depth", "index.ping", "audit.verify"])
async def test_an_outage_that_any_part_of_cosmos_meets_opens_its_breaker(port: str) -> None:
    guard = guards(Settings()).cosmos
    place = CosmosPlace(endpoint="http://127.0.0.1:9", key=KEY, vectors=VECTORS)
    name, method = port.split(".")
    async with open_cosmos(place, means(CosmosCalls(attempts=1))) as store:
        adapter = behind(attrgetter(name)(store), name, guard)
        ask: Callable[[], Awaitable[object]] = getattr(adapter, method)
        for _ in range(5):
            with pytest.raises(UnavailableError):
                await ask()
    assert guard.breaker.state is State.OPEN
