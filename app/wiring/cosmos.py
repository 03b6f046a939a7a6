"""Where Cosmos DB is and what it has to hold, as the settings say."""

from collections.abc import Mapping, Sequence

from app.adapters.azure.cosmos import NEAR, CosmosPlace, Vectors, containers
from app.adapters.azure.credentials import RotatingKey
from app.settings import Settings


def declared(settings: Settings) -> Sequence[Mapping[str, object]]:
    """Return what the database has to hold."""
    return containers(place(settings))


def place(settings: Settings, key: str | RotatingKey | None = None) -> CosmosPlace:
    """Return the account and its database; without a key an identity is asked for tokens."""
    return CosmosPlace(
        endpoint=settings.cosmos_endpoint or "",
        key=key,
        database=settings.cosmos_database,
        api_keys=settings.cosmos_container_api_keys,
        audit_logs=settings.cosmos_container_audit_logs,
        vectors=Vectors(
            model=settings.embedding_deployment or "",
            dimensions=settings.embedding_dimensions,
            index=settings.vector_index,
            near=NEAR if settings.embedder_near is None else settings.embedder_near,
        ),
    )
