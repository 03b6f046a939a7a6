"""Cosmos DB for contracts: a database of its own for each test, or a real account's, emptied."""

import secrets
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace

from app.adapters.azure.cosmos import (
    CosmosCalls,
    CosmosMeans,
    CosmosPlace,
    CosmosStore,
    Vectors,
    initialise,
    open_cosmos,
)
from app.adapters.azure.cosmos.index import CosmosPassageIndex
from app.adapters.azure.cosmos.items import place
from app.adapters.embedded.index import SnowballAnalyzer
from app.core.budgets import Prices
from app.core.filters import Filter
from app.core.key_uses import noting
from app.core.models import Partition
from app.core.ports import Found, Ports
from app.core.usage import metering
from tests.contract.embedding import WordEmbedder
from tests.contract.sealing import KeySeal
from tests.peers.cosmos.running import Running

DATABASE = "eva-contract"
VECTORS = Vectors(model="words", dimensions=256)
CALLS = CosmosCalls(timeout_s=60, attempt_s=30)  # on a loaded machine


def means(calls: CosmosCalls = CALLS, clock: Callable[[], float] = time.time) -> CosmosMeans:
    return CosmosMeans(
        analyzer=SnowballAnalyzer(),
        embedder=WordEmbedder(VECTORS.dimensions),
        seal=KeySeal(),
        calls=calls,
        clock=clock,
    )


class Held(CosmosPassageIndex):
    """The same index, with each space that is searched held in memory from then on."""

    def __init__(self, index: CosmosPassageIndex) -> None:
        self.__dict__.update(index.__dict__)

    async def search(
        self, partition: Partition, question: str, *, limit: int, where: Filter | None = None
    ) -> Found:
        here = place(partition)
        held = await self._shelves.at_hand(here) is not None or await self._shelves.load(here)
        found = await super().search(partition, question, limit=limit, where=where)
        assert ("count" in found.stages_ms) <= (not held)
        return found


@asynccontextmanager
async def fresh_database(
    peer: Running, chosen: CosmosMeans | None = None
) -> AsyncIterator[CosmosStore]:
    name = f"eva-{secrets.token_hex(4)}"
    where = CosmosPlace(endpoint=peer.endpoint, key=peer.key, database=name, vectors=VECTORS)
    async with open_cosmos(where, chosen or means()) as store:
        await initialise(store.account)
        yield store
        await (await store.account.client()).delete_database(name)


@asynccontextmanager
async def on_cosmos(ports: Ports, peer: Running) -> AsyncIterator[Ports]:
    """Lend these ports with everything on the peer that may be there."""
    async with AsyncExitStack() as stack:
        store = await stack.enter_async_context(fresh_database(peer))
        yield replace(
            ports,
            records=store.records,
            keys=store.keys,
            jobs=store.jobs,
            index=store.index,
            audit=store.audit,
            meter=await stack.enter_async_context(metering(store.records, [], Prices())),
            uses=await stack.enter_async_context(noting(store.records)),
        )


@asynccontextmanager
async def emptied(endpoint: str, key: str) -> AsyncIterator[CosmosStore]:
    """Lend a real account's test database, made anew: whatever was in it is lost."""
    where = CosmosPlace(endpoint=endpoint, key=key, database=DATABASE, vectors=VECTORS)
    async with open_cosmos(where, means()) as store:
        await initialise(store.account)
        client = await store.account.client()
        try:
            yield store
        finally:
            await client.delete_database(DATABASE)
