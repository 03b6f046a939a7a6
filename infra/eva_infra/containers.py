"""The containers of Cosmos DB, as the service declares them; `cosmos.json` is that declaration.

It is written by the service (`make infra-containers`), and never by hand.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

DATABASE = "eva"
DECLARATION = Path(__file__).with_name("cosmos.json")


@dataclass(frozen=True, kw_only=True)
class Container:
    """A container: its partition key's paths, time to live (None: for ever), and policies.

    The policies are in Cosmos DB's own spelling. Vectors and full-text paths cannot change later.
    """

    id: str
    partition_key: Sequence[str]
    default_ttl: int | None
    indexing: Mapping[str, Any]
    vectors: Sequence[Mapping[str, Any]]
    full_text: Mapping[str, Any] | None
    unique_keys: Sequence[Sequence[str]]


def declared(path: Path = DECLARATION) -> tuple[Container, ...]:
    """Return what the service declares."""
    content: Sequence[Mapping[str, Any]] = json.loads(path.read_text())
    return tuple(_container(one) for one in content)


def vectors_container(deployment: str, containers: Sequence[Container]) -> Container | None:
    """Return the container of passages whose vectors this deployment makes; None: not declared."""
    named = [one for one in containers if one.id.startswith(f"passages-{deployment}-")]
    return named[0] if named else None


def _container(one: Mapping[str, Any]) -> Container:
    unique: Sequence[Mapping[str, Any]] = one.get("uniqueKeyPolicy", {}).get("uniqueKeys", [])
    return Container(
        id=one["id"],
        partition_key=tuple(one["partitionKey"]["paths"]),
        default_ttl=one.get("defaultTtl"),
        indexing=one["indexingPolicy"],
        vectors=one.get("vectorEmbeddingPolicy", {}).get("vectorEmbeddings", []),
        full_text=one.get("fullTextPolicy"),
        unique_keys=tuple(tuple(key["paths"]) for key in unique),
    )
