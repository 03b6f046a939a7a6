"""What the service is told of the stack that it runs in: its settings, by their names."""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi

from eva_infra.components.audit import CONTAINER as AUDIT_CONTAINER
from eva_infra.components.cache import PORT as CACHE_PORT
from eva_infra.components.documents import CONTAINER
from eva_infra.components.hosting import PORT
from eva_infra.components.identity import Identity
from eva_infra.containers import DATABASE, declared, vectors_container
from eva_infra.settings import Settings

ENVIRONMENTS = {"dev": "development", "staging": "staging", "prod": "production"}
# The queues that wake workers: one for each kind of job.
QUEUE_PREFIX = "eva-jobs"
JOB_KINDS = ("ingest", "describe", "answer", "erase-document", "erase-space")
# Where requests come from: App Service's and Container Apps' own proxies.
PROXIES = "169.254.0.0/16,100.64.0.0/10"


@dataclass(frozen=True, kw_only=True)
class Backends:
    """Where the service finds what it depends on."""

    cosmos_endpoint: pulumi.Output[str]
    storage_account: pulumi.Output[str]
    audit_account: pulumi.Output[str]
    openai_endpoint: pulumi.Output[str]
    deployments: Mapping[str, str]
    vault_uri: pulumi.Output[str]
    connection_string: pulumi.Output[str]
    cache_host: pulumi.Output[str]


def variables(
    settings: Settings, identity: Identity, backends: Backends
) -> Mapping[str, pulumi.Input[str]]:
    """Return the settings; secrets are references, and the connection string opens nothing."""
    return {
        "EVA_BACKEND": "azure",
        "EVA_ENVIRONMENT": ENVIRONMENTS[settings.environment],
        "EVA_HOST": "0.0.0.0",  # noqa: S104 - its own container  # nosec B104
        "EVA_PORT": str(PORT),
        "EVA_TRUSTED_PROXIES": PROXIES,
        "EVA_REQUIRE_HTTPS": "true",  # TLS ends at the platform's proxy, which says so
        **({"EVA_ADDRESS_LIMIT": "0"} if settings.edge else {}),  # the firewall counts addresses
        "AZURE_CLIENT_ID": identity.client_id,
        "AZURE_COSMOS_ENDPOINT": backends.cosmos_endpoint,
        "COSMOS_DB_DATABASE": DATABASE,
        "AZURE_STORAGE_ACCOUNT_NAME": backends.storage_account,
        "AZURE_STORAGE_CONTAINER_DOCUMENTS": CONTAINER,
        "AZURE_STORAGE_ACCOUNT_AUDIT": backends.audit_account,
        "AZURE_STORAGE_CONTAINER_AUDIT": AUDIT_CONTAINER,
        "AZURE_STORAGE_QUEUE_PREFIX": QUEUE_PREFIX,
        "AZURE_OPENAI_ENDPOINT": backends.openai_endpoint,
        "AZURE_OPENAI_DEPLOYMENT_NAME": backends.deployments["answers"],
        "AZURE_OPENAI_EMBEDDING_DEPLOYMENT_NAME": backends.deployments["embeddings"],
        "EVA_EMBEDDING_DIMENSIONS": str(dimensions(settings)),
        "AZURE_KEY_VAULT_URL": backends.vault_uri,
        # The cache takes tokens only: the service logs in as its identity.
        "REDIS_HOST": backends.cache_host,
        "REDIS_PORT": str(CACHE_PORT),
        "REDIS_USERNAME": identity.principal_id,
        "APPLICATIONINSIGHTS_CONNECTION_STRING": backends.connection_string,
        # The service reads these from the vault itself, and again when they are rotated.
        **{name: f"vault:{secret}" for name, secret in settings.secrets.items()},
        **settings.service,
    }


def dimensions(settings: Settings) -> int:
    """Return how long the vectors are that the stack's embedding model is declared to make."""
    [deployment] = [model.deployment for model in settings.models if model.role == "embeddings"]
    container = vectors_container(deployment, declared())
    if container is None:  # refused when the settings are read
        raise LookupError(deployment)
    return int(container.vectors[0]["dimensions"])
