"""A declared container in the words of the SDK."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

from pulumi_azure_native import cosmosdb

from eva_infra.containers import Container


def resource(container: Container) -> cosmosdb.SqlContainerResourceArgs:
    """Return what Azure is told of a container."""
    many = len(container.partition_key) > 1
    kind = cosmosdb.PartitionKind.MULTI_HASH if many else cosmosdb.PartitionKind.HASH
    return cosmosdb.SqlContainerResourceArgs(
        id=container.id,
        partition_key=cosmosdb.ContainerPartitionKeyArgs(
            kind=kind, paths=list(container.partition_key), version=2
        ),
        default_ttl=container.default_ttl,
        indexing_policy=_indexing(container.indexing),
        vector_embedding_policy=_vectors(container.vectors),
        full_text_policy=_full_text(container.full_text),
        unique_key_policy=_unique(container.unique_keys),
    )


def _indexing(policy: Mapping[str, Any]) -> cosmosdb.IndexingPolicyArgs:
    return cosmosdb.IndexingPolicyArgs(
        indexing_mode=policy["indexingMode"],
        automatic=policy.get("automatic", True),
        included_paths=[
            cosmosdb.IncludedPathArgs(path=one["path"]) for one in policy.get("includedPaths", [])
        ],
        excluded_paths=[
            cosmosdb.ExcludedPathArgs(path=one["path"]) for one in policy.get("excludedPaths", [])
        ],
        composite_indexes=[
            [cosmosdb.CompositePathArgs(path=p["path"], order=p["order"]) for p in index]
            for index in policy.get("compositeIndexes", [])
        ]
        or None,
        full_text_indexes=[
            cosmosdb.FullTextIndexPathArgs(path=one["path"])
            for one in policy.get("fullTextIndexes", [])
        ]
        or None,
        vector_indexes=[_vector_index(one) for one in policy.get("vectorIndexes", [])] or None,
    )


def _vector_index(one: Mapping[str, Any]) -> cosmosdb.VectorIndexArgs:
    """Return a vector index as it is declared.

    It is a mapping, which the SDK takes as well: `VectorIndexArgs` itself would add a default that
    is right for diskANN only.
    """
    index: cosmosdb.VectorIndexArgsDict = {"path": one["path"], "type": one["type"]}
    if "quantizationByteSize" in one:
        index["quantization_byte_size"] = one["quantizationByteSize"]
    if "indexingSearchListSize" in one:
        index["indexing_search_list_size"] = one["indexingSearchListSize"]
    if "vectorIndexShardKey" in one:
        index["vector_index_shard_key"] = one["vectorIndexShardKey"]
    return cast("cosmosdb.VectorIndexArgs", index)


def _vectors(vectors: Sequence[Mapping[str, Any]]) -> cosmosdb.VectorEmbeddingPolicyArgs | None:
    made = [
        cosmosdb.VectorEmbeddingArgs(
            path=one["path"],
            data_type=one["dataType"],
            dimensions=one["dimensions"],
            distance_function=one["distanceFunction"],
        )
        for one in vectors
    ]
    return cosmosdb.VectorEmbeddingPolicyArgs(vector_embeddings=made) if made else None


def _full_text(policy: Mapping[str, Any] | None) -> cosmosdb.FullTextPolicyArgs | None:
    if policy is None:
        return None
    return cosmosdb.FullTextPolicyArgs(
        default_language=policy["defaultLanguage"],
        full_text_paths=[
            cosmosdb.FullTextPathArgs(path=one["path"], language=one.get("language"))
            for one in policy["fullTextPaths"]
        ],
    )


def _unique(keys: Sequence[Sequence[str]]) -> cosmosdb.UniqueKeyPolicyArgs | None:
    made = [cosmosdb.UniqueKeyArgs(paths=list(paths)) for paths in keys]
    return cosmosdb.UniqueKeyPolicyArgs(unique_keys=made) if made else None
