"""What tests of the wire ask with: the official SDK, as it comes."""

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from azure.cosmos import PartitionKey
from azure.cosmos.aio import ContainerProxy, CosmosClient

SPACES = ["/tenant_id", "/space_id"]
PLACE = ["ten_1", "spc_1"]
DECLARED: dict[str, Any] = {
    "default_ttl": -1,
    "indexing_policy": {
        "includedPaths": [{"path": "/n/?"}, {"path": "/name/?"}, {"path": "/tags/[]/?"}],
        "excludedPaths": [{"path": "/*"}],
        "fullTextIndexes": [{"path": "/text"}],
        "vectorIndexes": [{"path": "/vector", "type": "quantizedFlat"}],
    },
    "full_text_policy": {
        "defaultLanguage": "en-US",
        "fullTextPaths": [{"path": "/text", "language": "en-US"}],
    },
    "vector_embedding_policy": {
        "vectorEmbeddings": [
            {
                "path": "/vector",
                "dataType": "float32",
                "dimensions": 3,
                "distanceFunction": "cosine",
            }
        ]
    },
}


@asynccontextmanager
async def a_container(
    endpoint: str, key: str, *, one_key: bool = False, discovery: bool = True
) -> AsyncIterator[ContainerProxy]:
    """Lend a container of a database that goes with it; `one_key` is for what knows no other."""
    name = f"wire-{secrets.token_hex(4)}"
    async with CosmosClient(endpoint, key, enable_endpoint_discovery=discovery) as client:
        database = await client.create_database(name)
        if one_key:
            yield await database.create_container("things", PartitionKey(path="/place"))
        else:
            paths = PartitionKey(path=SPACES)
            yield await database.create_container("things", paths, **DECLARED)
        await client.delete_database(name)


def thing(id_: str, n: int = 0, **members: Any) -> dict[str, Any]:
    place = {"tenant_id": PLACE[0], "space_id": PLACE[1], "place": "p"}
    return {"id": id_, "n": n, "name": id_, "tags": ["all"], **place, **members}


async def rows(
    container: ContainerProxy, sql: str, place: list[str] | str = PLACE, **given: object
) -> list[Any]:
    parameters = [{"name": f"@{name}", "value": value} for name, value in given.items()]
    found = container.query_items(
        sql, parameters=parameters, partition_key=place, full_text_score_scope="Local"
    )
    return [row async for row in found]
