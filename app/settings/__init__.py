"""Settings: read once, at start, from the environment. Nothing else reads it.

`Settings.load()` checks everything and reports all that is wrong at once. Every setting is
declared in `parts` or `azure`; `docs/settings.md` is generated from there
(`python -m app.settings`).
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from app.settings import azure, parts
from app.settings.declaring import Declared, declared
from app.settings.edge import Edge
from app.settings.limits import Limits
from app.settings.reading import DEFAULT, SettingsError, read, shown, unknown
from app.settings.telemetry import Overload, Telemetry

__all__ = ["DEFAULT", "ClientSettings", "Effective", "Settings", "SettingsError"]

# Read by other programs of this repository, so not unknown.
ELSEWHERE = {
    "EVA_RETRIEVAL_DATA": "the folder of test collections that `make bench-retrieval` reads",
    "EVA_ADVISORIES": "the folder of known vulnerabilities that the scans read",
    "EVA_AUDIT_ONLINE": "whether the scans may ask for newer advisories",
    "EVA_KQL_SCHEMA": "the columns of Azure Monitor's tables that tests of queries read",
    "EVA_BICEP_TYPES": "the folder of Azure's resource types that `make infra-check` reads",
    "EVA_EVIDENCE_NOTE": "the file in which a tool leaves a note on its run",
    "EVA_GATE_ENVIRONMENT": "where the evidence of the release gate is from",
    "EVA_GATE_KEY": "the file of the key that signs verdicts",
    "EVA_GATE_LANG": "the language of the gate's reports",
    "EVA_GATE_TARGET": "the address of the deployment that is judged",
    "EVA_E2E_URL": "a service that the end-to-end tests run against",
    "EVA_E2E_KEY": "its administrator's key",
    "EVA_E2E_OTHER_TOKEN": "an access token of another tenant there",
    "EVA_CHAOS_DRIVER": "who makes the faults of experiments: local or azure",
    "EVA_CHAOS_ALLOW": "yes: experiments may make faults in Azure",
    "EVA_COSMOS_ENDPOINT": "a Cosmos DB account that the contract tests also run on",
    "EVA_COSMOS_KEY": "its key",
    "EVA_KEY_VAULT_URL": "a Key Vault that the contract tests also run on",
    "EVA_OPENAI_ENDPOINT": "an Azure OpenAI resource that the contract tests also run on",
    "EVA_OPENAI_KEY": "its key",
    "EVA_OPENAI_DEPLOYMENT": "its deployment of a chat model",
    "EVA_OPENAI_EMBEDDING_DEPLOYMENT": "its deployment of an embedding model",
    "EVA_STORAGE_CONNECTION_STRING": "a storage account that the contract tests also run on",
}
# Names of the earlier family that stand for nothing any more: accepted, with the reason shown.
RETIRED = {
    "DEBUG": "use EVA_LOG_LEVEL=debug; problems never show internals",
    "RELOAD": "the service does not reload itself",
    "EVA_MOCK_MODE": "there is no mock: EVA_BACKEND=embedded is a real backend that works offline",
    "JWT_ALGORITHM": "the algorithms allowed are fixed in the code",
    "RATE_LIMIT_REQUESTS_PER_MINUTE": "use EVA_RATE_LIMIT_TIER",
    "REDIS_SOCKET_CONNECT_TIMEOUT": "REDIS_SOCKET_TIMEOUT bounds connecting too",
    "RATE_LIMIT_BURST_SIZE": "tiers have no bursts of their own: use EVA_RATE_LIMIT_TIER",
    "API_KEY_PREFIX": "keys are eva_<id>_<secret>",  # pragma: allowlist secret
    "API_KEY_LENGTH": "keys are eva_<id>_<secret>",  # pragma: allowlist secret
}
_PLACEHOLDERS = ("changeme", "change-me", "change_me", "placeholder", "your-", "your_", "<", "todo")


@dataclass(frozen=True, slots=True)
class Effective:
    """One setting as read; `value` is masked if secret, `source` a variable or `DEFAULT`.

    What does not act yet (`acts`) is checked and shown, but changes nothing.
    """

    group: str
    name: str
    value: str
    source: str
    acts: bool


@dataclass(frozen=True, kw_only=True)
class _Loaded:
    """What every settings class can do."""

    sources: Mapping[str, str] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def declared(cls) -> tuple[Declared, ...]:
        """Return the settings that this class has."""
        return declared(cls)

    @classmethod
    def load(cls, env: Mapping[str, str] = os.environ) -> Self:
        """Read and check the environment; raises SettingsError naming all that is wrong."""
        reading = read(cls.declared(), env)
        problems = [*reading.problems, *cls.refusals(reading.values, env)]
        if problems:
            raise SettingsError(problems)
        return cls(sources=reading.sources, **reading.values)

    @classmethod
    def refusals(cls, _values: Mapping[str, Any], _env: Mapping[str, str]) -> list[str]:
        """Return what is wrong beyond single values."""
        return []

    def effective(self) -> tuple[Effective, ...]:
        """Return every setting as in effect, secrets masked, with where it came from."""
        on_azure = getattr(self, "backend", "") == "azure"
        without = (azure.PENDING,) if on_azure else (azure.PENDING, azure.ON_AZURE)
        return tuple(
            Effective(
                one.group,
                one.names[0],
                shown(one, getattr(self, one.field)),
                self.sources.get(one.field, DEFAULT),
                not one.group.endswith(without),
            )
            for one in self.declared()
        )


@dataclass(frozen=True, kw_only=True)
class ClientSettings(parts.Client, _Loaded):
    """What the command line needs to talk to a server."""


@dataclass(frozen=True, kw_only=True)
class Settings(
    parts.Service,
    parts.Requests,
    parts.Work,
    parts.Extraction,
    parts.Retrieval,
    parts.Identity,
    Edge,
    Limits,
    Telemetry,
    Overload,
    azure.Directory,
    azure.Resilience,
    azure.Storage,
    azure.Services,
    _Loaded,
):
    """What the service needs to run."""

    @property
    def max_upload_bytes(self) -> int:
        """Return the largest file in bytes."""
        return self.max_upload_mb * parts.MIB

    @property
    def max_json_bytes(self) -> int:
        """Return the largest JSON body in bytes."""
        return self.max_json_kb * 1024

    @property
    def index_cache_bytes(self) -> int:
        """Return the memory for search indexes in bytes."""
        return self.index_cache_mb * parts.MIB

    @classmethod
    def refusals(cls, values: Mapping[str, Any], env: Mapping[str, str]) -> list[str]:
        """Refuse unknown names, an incomplete backend, placeholders, a contradicting account."""
        return [
            *unknown(env, known_names()),
            *azure.refusals(cls.declared(), values),
            *_placeholders(cls.declared(), values),
            *_storage_account(values),
            *_entra(values),
        ]


def known_names() -> tuple[str, ...]:
    """Return every variable name that means something."""
    wanted = (*Settings.declared(), *ClientSettings.declared())
    return (*(name for one in wanted for name in one.names), *ELSEWHERE, *RETIRED)


def without_effect(env: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return the variables that are set but stand for nothing any more, with the reason."""
    return {name: reason for name, reason in RETIRED.items() if env.get(name)}


def _placeholders(wanted: tuple[Declared, ...], values: Mapping[str, Any]) -> list[str]:
    if values.get("environment", "development") == "development":
        return []
    return [
        f"{one.names[0]}: a placeholder is no secret outside development"
        for one in wanted
        if one.secret and str(values.get(one.field, "")).casefold().startswith(_PLACEHOLDERS)
    ]


def _storage_account(values: Mapping[str, Any]) -> list[str]:
    said, name = values.get("storage_connection_string"), values.get("storage_account_name")
    if said and name and f"accountname={name};" not in f"{said};".casefold():
        return ["AZURE_STORAGE_CONNECTION_STRING and AZURE_STORAGE_ACCOUNT_NAME disagree; keep one"]
    return []


def _entra(values: Mapping[str, Any]) -> list[str]:
    if bool(values.get("entra_tenant_id")) != bool(values.get("entra_client_id")):
        return ["AZURE_ENTRA_TENANT_ID and AZURE_ENTRA_CLIENT_ID go together; set both or none"]
    return []
