"""Making the database as declared: once, again, and where it can't be done."""

import copy
import json
import secrets
from collections.abc import AsyncIterator
from typing import Any

import pytest

from app.adapters.azure.cosmos import (
    CosmosPlace,
    CosmosStore,
    Vectors,
    containers,
    initialise,
    open_cosmos,
)
from tests.contract.cosmos import means
from tests.peers.cosmos.faults import Faults
from tests.peers.cosmos.running import Running, running

NAMES = ("records", "directory", "work", "api_keys", "audit_logs", "passages-words-256")


@pytest.fixture
async def bare(cosmos_peer: Running) -> AsyncIterator[CosmosStore]:
    """A store whose database is not there yet."""
    name = f"bare-{secrets.token_hex(4)}"
    vectors = Vectors(model="words", dimensions=256)
    place = CosmosPlace(
        endpoint=cosmos_peer.endpoint, key=cosmos_peer.key, database=name, vectors=vectors
    )
    async with open_cosmos(place, means()) as opened:
        yield opened


def held(peer: Running, store: CosmosStore, container: str) -> dict[str, Any]:
    """What the account has of a container."""
    return peer.peer.store.containers[f"{store.account.place.database}/{container}"].properties


async def test_a_database_is_made_once_and_left_alone_after(bare: CosmosStore) -> None:
    first = await initialise(bare.account)
    assert first.made == [
        f"database {bare.account.place.database}",
        *(f"container {name}" for name in NAMES),
    ]
    assert (first.changed, first.differing) == ([], [])
    again = await initialise(bare.account)
    assert (again.made, again.changed, again.differing) == ([], [], [])


async def test_an_index_that_is_missing_is_added(cosmos_peer: Running, bare: CosmosStore) -> None:
    await initialise(bare.account)
    held(cosmos_peer, bare, "work")["indexingPolicy"]["includedPaths"] = [{"path": "/due_at/?"}]
    assert (await initialise(bare.account)).changed == ["container work"]
    assert (await initialise(bare.account)).changed == []
    assert (await bare.jobs.depth())["waiting"] == 0


async def test_what_can_not_be_changed_is_told(cosmos_peer: Running, bare: CosmosStore) -> None:
    await initialise(bare.account)
    key = {"paths": ["/id"], "kind": "Hash"}
    held(cosmos_peer, bare, "records")["partitionKey"] = key
    passages = held(cosmos_peer, bare, "passages-words-256")
    passages["vectorEmbeddingPolicy"] = {"vectorEmbeddings": []}
    passages["indexingPolicy"]["vectorIndexes"][0]["type"] = "diskANN"
    outcome = await initialise(bare.account)
    assert (outcome.made, outcome.changed) == ([], [])
    told = "\n".join(outcome.differing)
    assert "container records: partitionKey is" in told
    assert "container passages-words-256: vectorEmbeddingPolicy is" in told
    assert "container passages-words-256: vectorIndexes are" in told


async def test_an_identity_that_may_not_make_containers_is_told_which_are_missing(
    bare: CosmosStore, faults: Faults
) -> None:
    faults.add([{"method": "POST", "path": "/dbs/?", "status": 403, "times": 1}])
    faults.add([{"method": "POST", "path": "/dbs/bare-.*/colls/?", "status": 403, "times": 99}])
    outcome = await initialise(bare.account)
    assert outcome.made == []
    assert len(outcome.differing) == 1 + len(NAMES)
    assert all("this identity may not make it so" in one for one in outcome.differing)


async def test_an_account_whose_replicas_may_be_behind_is_told_of() -> None:
    with running(consistency="Session") as peer:
        vectors = Vectors(model="words", dimensions=256)
        place = CosmosPlace(endpoint=peer.endpoint, key=peer.key, vectors=vectors)
        async with open_cosmos(place, means()) as opened:
            outcome = await initialise(opened.account)
    assert len(outcome.differing) == 1
    assert "default consistency is Session" in outcome.differing[0]


def test_what_is_declared_is_plain_data(bare: CosmosStore) -> None:
    declared = containers(bare.account.place)
    assert [one["id"] for one in declared] == list(NAMES)
    assert json.loads(json.dumps(declared)) == list(declared)
    before = copy.deepcopy(declared)
    assert containers(bare.account.place) == before
