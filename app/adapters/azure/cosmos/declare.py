"""What the database holds: containers with their keys, indexes and policies, in this one place.

Only what a query looks at is indexed. `eva azure init` makes the containers so, and
`eva azure init --print` shows them as JSON, for whoever makes them by other means.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from app.adapters.azure.cosmos.place import CosmosPlace, Vectors

Declared: TypeAlias = Mapping[str, Any]  # a container as the service's REST interface has it

RECORDS, DIRECTORY, WORK = "records", "directory", "work"
CONSISTENCIES = ("Strong", "BoundedStaleness")  # others let a process miss another's commits
_NO_EXPIRY = -1  # items expire by their own `ttl` only
_PLACE = {"paths": ["/tenant_id", "/space_id"], "kind": "MultiHash", "version": 2}


def containers(place: CosmosPlace) -> tuple[Declared, ...]:
    """Return every container of the database."""
    return (
        _records(),
        _small(DIRECTORY, "/shelf"),
        _small(WORK, "/lane", "/tenant_id", "/job_id", "/due_at", "/held", "/queued_at"),
        _small(place.api_keys, "/id"),
        _audit(place.audit_logs),
        _passages(place.vectors),
    )


def keys(place: CosmosPlace, name: str) -> tuple[str, ...]:
    """Return the members of an item that are its partition key, in a container."""
    [paths] = [one["partitionKey"]["paths"] for one in containers(place) if one["id"] == name]
    return tuple(path.strip("/") for path in paths)


def passages_name(vectors: Vectors) -> str:
    """Return the name of the container of passages with these vectors."""
    model = re.sub(r"[^A-Za-z0-9-]", "-", vectors.model)
    return f"passages-{model}-{vectors.dimensions}"


def _records() -> Declared:
    """Return the home of records, jobs, and audit events of changes: what commits together."""
    paths = ["/kind", "/key", *_EVENT_PATHS]
    return _container(RECORDS, _PLACE, paths, ["/terms", "/objects"])


def _audit(name: str) -> Declared:
    """Return the home of audit events of requests, by tenant and day, and of checkpoints."""
    key = {"paths": ["/tenant_id", "/day"], "kind": "MultiHash", "version": 2}
    return _container(name, key, ["/kind", "/number", *_EVENT_PATHS], ["/objects"])


_EVENT_PATHS = ("/position", "/actor", "/action", "/outcome", "/request", "/at", "/personal")


def _small(name: str, key: str, *indexed: str) -> Declared:
    paths = {"paths": [key], "kind": "Hash", "version": 2}
    return _container(name, paths, indexed)


def _passages(vectors: Vectors) -> Declared:
    """Return the home of passages, with vectors and analysed words, and of documents' heads."""
    text, vector = "/lexemes", "/embedding"
    indexed = ["/kind", "/document_id", "/visible", "/generation", "/seq"]
    declared = dict(_container(passages_name(vectors), _PLACE, indexed, ["/terms"]))
    declared["indexingPolicy"] = {
        **declared["indexingPolicy"],
        "fullTextIndexes": [{"path": text}],
        "vectorIndexes": [{"path": vector, "type": vectors.index}],
    }
    declared["fullTextPolicy"] = {
        "defaultLanguage": "en-US",
        "fullTextPaths": [{"path": text, "language": "en-US"}],
    }
    declared["vectorEmbeddingPolicy"] = {
        "vectorEmbeddings": [
            {
                "path": vector,
                "dataType": "float32",
                "dimensions": vectors.dimensions,
                "distanceFunction": "cosine",
            }
        ]
    }
    return declared


def _container(
    name: str, key: Declared, paths: Sequence[str], lists: Sequence[str] = ()
) -> Declared:
    included = [f"{path}/?" for path in paths] + [f"{path}/[]/?" for path in lists]
    return {
        "id": name,
        "partitionKey": dict(key),
        "defaultTtl": _NO_EXPIRY,
        "indexingPolicy": {
            "indexingMode": "consistent",
            "automatic": True,
            "includedPaths": [{"path": path} for path in included],
            "excludedPaths": [{"path": "/*"}],
        },
    }
