"""Settings of the Azure backend; those of directories are read, but nothing acts on them yet.

Two families of names are in use for the same things; both are accepted, and may not disagree.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from app.settings.declaring import (
    Declared,
    address,
    choice,
    flag,
    number,
    setting,
    text,
    whole,
)
from app.settings.referring import VAULT, seed

VectorIndex: TypeAlias = Literal["flat", "quantizedFlat", "diskANN"]
PENDING = "(not in effect yet)"  # how the title ends of a group that nothing acts on
ON_AZURE = "(with EVA_BACKEND=azure)"  # of one that acts on this backend only


@dataclass(frozen=True, kw_only=True)
class Directory:
    """Directories (not in effect yet)."""

    b2c_tenant_id: str | None = setting(
        text(), None, "AZURE_AD_B2C_TENANT_ID", about="Azure AD B2C tenant."
    )
    b2c_client_id: str | None = setting(
        text(), None, "AZURE_AD_B2C_CLIENT_ID", about="Azure AD B2C application."
    )
    b2c_client_secret: str | None = setting(
        text(), None, "AZURE_AD_B2C_CLIENT_SECRET", about="Azure AD B2C client secret.", secret=True
    )
    b2c_authority: str | None = setting(
        address(), None, "AZURE_AD_B2C_AUTHORITY", about="Azure AD B2C authority."
    )
    b2c_scope: str | None = setting(text(), None, "AZURE_AD_B2C_SCOPE", about="Azure AD B2C scope.")
    entra_client_secret: str | None = setting(
        text(), None, "AZURE_ENTRA_CLIENT_SECRET", about="Entra ID client secret.", secret=True
    )
    jwt_audience: str | None = setting(
        text(), None, "JWT_AUDIENCE", about="Required audience of a token."
    )
    jwt_issuer: str | None = setting(
        address(), None, "JWT_ISSUER", about="The one accepted issuer of tokens."
    )


@dataclass(frozen=True, kw_only=True)
class Resilience:
    """Resilience (with EVA_BACKEND=azure)."""

    circuit_breaker: bool = setting(
        flag(),
        True,
        "EVA_ENABLE_CIRCUIT_BREAKER",
        about="Stop asking what fails, for a while.",
    )


@dataclass(frozen=True, kw_only=True)
class Storage:
    """Azure (with EVA_BACKEND=azure)."""

    azure_timeout_s: float = setting(
        number(1, 30), 5.0, "EVA_AZURE_TIMEOUT", about="The longest wait for a dependency, seconds."
    )
    cosmos_endpoint: str | None = setting(
        address(), None, "AZURE_COSMOS_ENDPOINT", "COSMOS_DB_ENDPOINT", about="Cosmos DB account."
    )
    cosmos_key: str | None = setting(
        text(),
        None,
        "AZURE_COSMOS_KEY",
        "COSMOS_DB_KEY",
        about="Cosmos DB key; unset: an identity is used.",
        secret=True,
    )
    cosmos_database: str = setting(text(), "eva", "COSMOS_DB_DATABASE", about="Cosmos DB database.")
    cosmos_container_api_keys: str = setting(
        text(), "api_keys", "COSMOS_DB_CONTAINER_API_KEYS", about="Container of API keys."
    )
    cosmos_container_audit_logs: str = setting(
        text(),
        "audit_logs",
        "COSMOS_DB_CONTAINER_AUDIT_LOGS",
        about="Container of the audit trail.",
    )
    storage_account_name: str | None = setting(
        text(), None, "AZURE_STORAGE_ACCOUNT_NAME", about="Storage account."
    )
    storage_account_key: str | None = setting(
        text(),
        None,
        "AZURE_STORAGE_ACCOUNT_KEY",
        about="Storage account key; unset: an identity is used.",
        secret=True,
    )
    storage_connection_string: str | None = setting(
        text(),
        None,
        "AZURE_STORAGE_CONNECTION_STRING",
        about="Stands for account name and key together.",
        secret=True,
    )
    storage_container_documents: str = setting(
        text(), "documents", "AZURE_STORAGE_CONTAINER_DOCUMENTS", about="Container of documents."
    )
    storage_account_audit: str | None = setting(
        text(),
        None,
        "AZURE_STORAGE_ACCOUNT_AUDIT",
        about="Another storage account for the audit container, reached by identity; "
        "unset: the same one.",
    )
    storage_container_audit: str = setting(
        text(),
        "audit",
        "AZURE_STORAGE_CONTAINER_AUDIT",
        about="Container of copies of the audit trail's checkpoints; best an immutable one.",
    )
    storage_queue_prefix: str = setting(
        text(),
        "eva-jobs",
        "AZURE_STORAGE_QUEUE_PREFIX",
        about="How the names begin of the queues that wake workers.",
    )
    storage_api_version: str = setting(
        text(),
        "2026-06-06",
        "AZURE_STORAGE_API_VERSION",
        about="The version of the storage services' interface that is spoken.",
    )
    vector_index: VectorIndex = setting(
        choice(VectorIndex),
        "quantizedFlat",
        "EVA_VECTOR_INDEX",
        about="How Cosmos DB indexes vectors; fixed once their container is made.",
    )
    key_vault_url: str | None = setting(
        address(),
        None,
        "AZURE_KEY_VAULT_URL",
        about="Where secrets are kept: a secret setting that is `vault:NAME` is read from there.",
    )
    audit_key: str | None = setting(
        seed(),
        None,
        "EVA_AUDIT_KEY",
        about="The key that signs the audit trail's checkpoints.",
        secret=True,
    )
    azure_client_id: str | None = setting(
        text(),
        None,
        "AZURE_CLIENT_ID",
        about="Which user-assigned identity to be; unset: the only one.",
    )


@dataclass(frozen=True, kw_only=True)
class Services:
    """Azure OpenAI (with EVA_BACKEND=azure)."""

    openai_endpoint: str | None = setting(
        address(), None, "AZURE_OPENAI_ENDPOINT", about="Azure OpenAI resource."
    )
    openai_key: str | None = setting(
        text(),
        None,
        "AZURE_OPENAI_KEY",
        about="Azure OpenAI key; unset: an identity is used.",
        secret=True,
    )
    openai_api_version: str | None = setting(
        text(),
        None,
        "AZURE_OPENAI_API_VERSION",
        about="API version, for a resource without the v1 endpoint.",
    )
    openai_deployment: str | None = setting(
        text(),
        None,
        "AZURE_OPENAI_DEPLOYMENT_NAME",
        about="Deployment of the chat model that writes answers; unset: answers are "
        "sentences of the sources.",
    )
    embedding_deployment: str | None = setting(
        text(),
        None,
        "AZURE_OPENAI_EMBEDDING_DEPLOYMENT_NAME",
        about="Deployment of the embedding model.",
    )
    embedding_dimensions: int = setting(
        whole(2, 4096),
        1536,
        "EVA_EMBEDDING_DIMENSIONS",
        about="The size of its vectors; another size is another container, and a new index.",
    )
    answer_timeout_s: float = setting(
        number(1, 300),
        30.0,
        "EVA_ANSWER_TIMEOUT_S",
        about="The longest time that the model may write at an answer, in seconds.",
    )


_NEEDED = ("cosmos_endpoint", "openai_endpoint", "embedding_deployment", "audit_key")


def refusals(wanted: Sequence[Declared], values: Mapping[str, Any]) -> list[str]:
    """Return what the Azure backend lacks, and references to secrets of no vault."""
    by_field = {one.field: one for one in wanted}
    lacking = []
    if values.get("backend") == "azure":
        lacking = [
            f"EVA_BACKEND=azure needs {by_field[name].names[0]}: {by_field[name].about}"
            for name in _NEEDED
            if values.get(name) is None
        ]
        if not values.keys() & {"storage_account_name", "storage_connection_string"}:
            lacking.append(
                "EVA_BACKEND=azure needs AZURE_STORAGE_ACCOUNT_NAME"
                " or AZURE_STORAGE_CONNECTION_STRING: a storage account"
            )
    if values.get("key_vault_url") is None:
        lacking += [
            f"{one.names[0]}: a reference to a vault needs AZURE_KEY_VAULT_URL"
            for one in wanted
            if one.secret and str(values.get(one.field, "")).startswith(VAULT)
        ]
    return lacking
