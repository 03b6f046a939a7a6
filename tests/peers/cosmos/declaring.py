"""Databases and containers: what may be declared, and what can't be changed afterwards."""

from typing import Any

from tests.peers.cosmos.ranges import listing
from tests.peers.cosmos.refusal import Refused, bad
from tests.peers.cosmos.store import Store

_FIXED = ("partitionKey", "vectorEmbeddingPolicy")
_MOST_DIMENSIONS = {"flat": 505, "quantizedFlat": 4096, "diskANN": 4096}


def database(store: Store, name: str) -> dict[str, Any]:
    if name not in store.databases:
        raise Refused(404, f"no database {name}", substatus=1003)
    return {"id": name, "_rid": f"db{name}", "_self": f"dbs/{name}/", "_etag": '"0"', "_ts": 0}


def create_database(store: Store, body: dict[str, Any]) -> dict[str, Any]:
    if body["id"] in store.databases:
        raise Refused(409, f"the database {body['id']} exists")
    store.databases.add(body["id"])
    return database(store, body["id"])


def create(store: Store, parent: str, body: dict[str, Any]) -> dict[str, Any]:
    database(store, parent)
    name = f"{parent}/{body['id']}"
    if name in store.containers:
        raise Refused(409, f"the container {name} exists")
    _check(body)
    return store.declare(name, body).properties


def replace(store: Store, name: str, body: dict[str, Any]) -> dict[str, Any]:
    known = store.container(name).properties
    for part in _FIXED:
        if body.get(part) != known.get(part):
            raise bad(f"{part} can't be changed once a container is there")
    if _vector_indexes(body) != _vector_indexes(known):
        raise bad("vectorIndexes can't be changed once a container is there")
    _check(body)
    return store.declare(name, {**known, **body}).properties


def ranges(store: Store, name: str) -> dict[str, Any]:
    store.container(name)
    return listing()


def _check(body: dict[str, Any]) -> None:
    key = body.get("partitionKey", {})
    paths = key.get("paths", [])
    if not 0 < len(paths) <= 3 or (len(paths) > 1) != (key.get("kind") == "MultiHash"):
        raise bad("a partition key has one path, or two or three and the kind MultiHash")
    declared = body.get("vectorEmbeddingPolicy", {}).get("vectorEmbeddings", [])
    vectors = {one["path"]: one for one in declared}
    for index in _vector_indexes(body):
        vector = vectors.get(index["path"])
        if vector is None:
            raise bad(f"the vector index {index['path']} has no vector policy")
        if vector["distanceFunction"] != "cosine":
            raise bad("not in the allowed subset: a distance other than cosine")
        if vector["dimensions"] > _MOST_DIMENSIONS[index["type"]]:
            raise bad(f"a {index['type']} index has at most {_MOST_DIMENSIONS[index['type']]}")
    texts = {one["path"] for one in body.get("fullTextPolicy", {}).get("fullTextPaths", [])}
    for index in body.get("indexingPolicy", {}).get("fullTextIndexes", []):
        if index["path"] not in texts:
            raise bad(f"the full-text index {index['path']} has no full-text policy")


def _vector_indexes(body: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = body.get("indexingPolicy", {}).get("vectorIndexes", [])
    return found
