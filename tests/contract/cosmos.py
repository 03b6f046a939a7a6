"""Cosmos DB for contracts: a database of its own for each test, or a real account's, emptied."""

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from app.adapters.azure.cosmos import (
    CosmosCalls,
    CosmosMeans,
    CosmosPlace,
    CosmosStore,
    Vectors,
    initialise,
    open_cosmos,
)
from tests.peers.cosmos.running import Running

DATABASE = "eva-contract"
VECTORS = Vectors(model="words", dimensions=256)
MEANS = CosmosMeans(calls=CosmosCalls(timeout_s=60, attempt_s=30))  # on a loaded machine


@asynccontextmanager
async def fresh_database(peer: Running, means: CosmosMeans = MEANS) -> AsyncIterator[CosmosStore]:
    name = f"eva-{secrets.token_hex(4)}"
    place = CosmosPlace(endpoint=peer.endpoint, key=peer.key, database=name, vectors=VECTORS)
    async with open_cosmos(place, means) as store:
        await initialise(store.account)
        yield store
        await (await store.account.client()).delete_database(name)


@asynccontextmanager
async def emptied(endpoint: str, key: str) -> AsyncIterator[CosmosStore]:
    """Lend a real account's test database, made anew: whatever was in it is lost."""
    place = CosmosPlace(endpoint=endpoint, key=key, database=DATABASE, vectors=VECTORS)
    async with open_cosmos(place, MEANS) as store:
        await initialise(store.account)
        client = await store.account.client()
        try:
            yield store
        finally:
            await client.delete_database(DATABASE)
