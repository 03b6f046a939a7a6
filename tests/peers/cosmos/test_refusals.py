"""The peer refuses what the application is not to ask, each for its reason."""

import json
from collections.abc import AsyncIterator

import httpx2
import pytest
from azure.cosmos import PartitionKey
from azure.cosmos.aio import ContainerProxy, CosmosClient
from azure.cosmos.exceptions import CosmosBatchOperationError, CosmosHttpResponseError

from tests.peers.cosmos.running import Running
from tests.peers.cosmos.wire import PLACE, a_container, rows, thing
from tests.peers.fixtures import cosmos_peer

__all__ = ["cosmos_peer"]


@pytest.fixture
async def container(cosmos_peer: Running) -> AsyncIterator[ContainerProxy]:
    async with a_container(cosmos_peer.endpoint, cosmos_peer.key) as made:
        yield made


@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        ("SELECT * FROM c", "SELECT \\*"),
        ("SELECT c.id FROM c WHERE c.name = 'a'", "a quoted text"),
        ("SELECT c.id FROM c WHERE c.other = 1", "would scan: /other"),
        ("SELECT c.id FROM c WHERE c.n = 1 AND NOT IS_DEFINED(c.other)", "would scan: /other"),
        ("SELECT c.id FROM c ORDER BY c.other", "would scan: /other"),
        ("SELECT c.id FROM c ORDER BY c.n, c.name", "no composite index"),
        ("SELECT c.id FROM c WHERE c.n != 1", "outside of the allowed subset"),
        ("SELECT DISTINCT c.id FROM c", "DISTINCT|without a name"),
        ("SELECT VALUE SUM(c.n) FROM c", "the function SUM"),
        ("SELECT c.n FROM c GROUP BY c.n", "outside of the allowed subset"),
        ("SELECT c.id FROM c OFFSET 1 LIMIT 1", "outside of the allowed subset"),
        ("SELECT c.id FROM c JOIN t IN c.tags", "outside of the allowed subset"),
        ("SELECT c.id FROM c WHERE udf.mine(c)", "outside of the allowed subset"),
        ("SELECT c.id FROM c WHERE LOWER(c.name) = @a", "the function LOWER"),
        ("SELECT d.id FROM d", "a source other than"),
        ("SELECT TOP 0 c.id FROM c", "TOP must be"),
        ("SELECT c.id FROM c WHERE c.n = @missing", "@missing is not given"),
        ("SELECT c.id FROM c ORDER BY VectorDistance(c.vector, @v)", "needs TOP"),
        ("SELECT TOP 2 c.id FROM c ORDER BY VectorDistance(c.vector, @v) DESC", "a direction"),
        ("SELECT TOP 2 c.id FROM c ORDER BY VectorDistance(c.name, @v)", "no vector is declared"),
        ("SELECT TOP 2 c.id FROM c ORDER BY VectorDistance(c.vector, @w)", "3 dimensions"),
        ("SELECT c.id FROM c WHERE FullTextContains(c.name, @a)", "no full-text index"),
        ("SELECT TOP 2 c.id FROM c ORDER BY FullTextScore(c.text, @a)", "stands in ORDER BY RANK"),
        ("DROP TABLE c", "what is no `select`"),
    ],
)
async def test_a_query_outside_of_the_subset_is_refused(
    container: ContainerProxy, sql: str, reason: str
) -> None:
    await container.create_item(thing("a", vector=[1, 0, 0]))
    with pytest.raises(CosmosHttpResponseError, match=reason) as refused:
        await rows(container, sql, v=[1, 0, 0], w=[1, 0], a="x")
    assert refused.value.status_code == 400


async def test_a_query_without_the_whole_partition_key_is_refused(
    container: ContainerProxy,
) -> None:
    for options in ({"partition_key": ["ten_1"]}, {}):
        with pytest.raises(CosmosHttpResponseError, match="whole partition key") as refused:
            _ = [row async for row in container.query_items("SELECT c.id FROM c", **options)]  # type: ignore[call-overload]
        assert refused.value.status_code == 400


async def test_a_list_of_all_items_is_refused(container: ContainerProxy) -> None:
    with pytest.raises(CosmosHttpResponseError, match="a list of all items"):
        _ = [item async for item in container.read_all_items()]


@pytest.mark.parametrize("key", ["d3Jvbmc=", ""])
async def test_another_key_than_the_accounts_is_refused(cosmos_peer: Running, key: str) -> None:
    headers = {"x-ms-date": "now", "authorization": f"type=master&ver=1.0&sig={key}"}
    async with httpx2.AsyncClient(base_url=cosmos_peer.endpoint, timeout=60) as client:
        answer = await client.get("/dbs/x", headers=headers)
    assert answer.status_code == 401
    assert "signature" in answer.json()["message"]


@pytest.mark.parametrize(
    ("token", "status"),
    [
        ("x.eyJhdWQiOiJodHRwczovL2Nvc21vcy5henVyZS5jb20ifQ.x", 404),
        ("x.eyJhdWQiOiJodHRwczovL3ZhdWx0LmF6dXJlLm5ldCJ9.x", 401),
        ("nonsense", 401),
    ],
)
async def test_a_token_must_be_for_this_service(
    cosmos_peer: Running, token: str, status: int
) -> None:
    headers = {"authorization": f"type%3Daad%26ver%3D1.0%26sig%3D{token}"}
    async with httpx2.AsyncClient(base_url=cosmos_peer.endpoint, timeout=60) as client:
        assert (await client.get("/dbs/x", headers=headers)).status_code == status


async def test_an_item_of_another_partition_is_refused(container: ContainerProxy) -> None:
    stray = {**thing("a"), "space_id": "spc_2"}
    with pytest.raises(CosmosBatchOperationError) as refused:
        await container.execute_item_batch([("create", (stray,))], PLACE)
    assert refused.value.status_code == 400


@pytest.mark.filterwarnings("ignore:Sending a large body:ResourceWarning")
async def test_an_item_of_more_than_2_mib_is_refused(container: ContainerProxy) -> None:
    with pytest.raises(CosmosHttpResponseError) as refused:
        await container.create_item(thing("a", text="x" * (2 << 20)))
    assert refused.value.status_code == 413


async def test_a_batch_of_more_than_a_hundred_is_refused(container: ContainerProxy) -> None:
    many = [("create", (thing(str(n)),)) for n in range(101)]
    with pytest.raises(CosmosHttpResponseError, match="1 to 100 operations"):
        await container.execute_item_batch(many, PLACE)
    assert await rows(container, "SELECT VALUE COUNT(1) FROM c") == [0]


async def test_a_patch_of_a_path_that_is_not_there_is_refused(container: ContainerProxy) -> None:
    await container.create_item(thing("a"))
    for operation in ({"op": "replace", "path": "/none", "value": 1}, {"op": "incr", "path": "/n"}):
        with pytest.raises(CosmosHttpResponseError, match="a patch that can't be"):
            await container.patch_item("a", PLACE, [operation])


@pytest.mark.parametrize(
    ("declared", "reason"),
    [
        ({"partition_key": PartitionKey(path=["/a", "/b", "/c", "/d"])}, "one path, or two"),
        (
            {"indexing_policy": {"fullTextIndexes": [{"path": "/t"}]}},
            "has no full-text policy",
        ),
        (
            {"indexing_policy": {"vectorIndexes": [{"path": "/v", "type": "flat"}]}},
            "has no vector policy",
        ),
        (
            {
                "indexing_policy": {"vectorIndexes": [{"path": "/v", "type": "flat"}]},
                "vector_embedding_policy": {
                    "vectorEmbeddings": [
                        {"path": "/v", "dimensions": 1536, "distanceFunction": "cosine"}
                    ]
                },
            },
            "at most 505",
        ),
    ],
)
async def test_a_container_that_can_not_be_is_refused(
    cosmos_peer: Running, declared: dict[str, object], reason: str
) -> None:
    async with CosmosClient(cosmos_peer.endpoint, cosmos_peer.key) as client:
        database = await client.create_database_if_not_exists("odd")
        options = {"partition_key": PartitionKey(path="/a"), **declared}
        with pytest.raises(CosmosHttpResponseError, match=reason) as refused:
            await database.create_container("odd", **options)  # type: ignore[call-overload]
    assert refused.value.status_code == 400


async def test_what_the_peer_does_not_know_is_refused_by_name(cosmos_peer: Running) -> None:
    async with httpx2.AsyncClient(base_url=cosmos_peer.endpoint, timeout=60) as client:
        answer = await client.get("/_peer/nothing")
        assert answer.status_code == 404
        journal = (await client.get("/_peer/journal")).json()
    assert json.dumps(journal).startswith('{"requests"')
