"""Settings of the Azure backend: read, checked and shown, but nothing acts on them yet.

Two families of names are in use for the same things; both are accepted, and may not disagree.
"""

from dataclasses import dataclass

from app.settings.declaring import address, flag, number, setting, text

PENDING = "(not in effect yet)"  # how the title of each group here ends


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
    key_vault_url: str | None = setting(
        address(), None, "AZURE_KEY_VAULT_URL", about="Where secrets are kept."
    )


@dataclass(frozen=True, kw_only=True)
class Storage:
    """Azure storage (not in effect yet)."""

    azure_timeout_s: float = setting(
        number(1, 30), 5.0, "EVA_AZURE_TIMEOUT", about="The longest wait for a dependency, seconds."
    )
    circuit_breaker: bool = setting(
        flag(), True, "EVA_ENABLE_CIRCUIT_BREAKER", about="Stop asking a dependency that fails."
    )
    cosmos_endpoint: str | None = setting(
        address(), None, "AZURE_COSMOS_ENDPOINT", "COSMOS_DB_ENDPOINT", about="Cosmos DB account."
    )
    cosmos_key: str | None = setting(
        text(), None, "AZURE_COSMOS_KEY", "COSMOS_DB_KEY", about="Cosmos DB key.", secret=True
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
        text(), None, "AZURE_STORAGE_ACCOUNT_KEY", about="Storage account key.", secret=True
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


@dataclass(frozen=True, kw_only=True)
class Services:
    """Azure OpenAI (not in effect yet)."""

    openai_endpoint: str | None = setting(
        address(), None, "AZURE_OPENAI_ENDPOINT", about="Azure OpenAI resource."
    )
    openai_key: str | None = setting(
        text(), None, "AZURE_OPENAI_KEY", about="Azure OpenAI key.", secret=True
    )
    openai_api_version: str | None = setting(
        text(), None, "AZURE_OPENAI_API_VERSION", about="Azure OpenAI API version."
    )
    openai_deployment: str | None = setting(
        text(), None, "AZURE_OPENAI_DEPLOYMENT_NAME", about="Azure OpenAI deployment."
    )
