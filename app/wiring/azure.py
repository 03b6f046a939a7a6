"""The Azure backend: Cosmos DB, Blob Storage and its queues, Azure OpenAI, Key Vault.

Nothing of it need be up when it is opened, save the vault for secrets that are referred to.
"""

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace

from app.adapters.azure import blobs, queue
from app.adapters.azure.blobs import AzureBlobStore
from app.adapters.azure.cosmos import (
    CosmosCalls,
    CosmosMeans,
    CosmosStore,
    initialise,
    open_cosmos,
)
from app.adapters.azure.credentials import Identity, RotatingKey, open_identity
from app.adapters.azure.models import (
    AzureEmbedder,
    ChatComposer,
    ModelClient,
    ModelResource,
    open_client,
)
from app.adapters.azure.redis_login import IdentityLogin
from app.adapters.azure.seal import BlobSeal
from app.adapters.azure.storage import (
    KeyWithin,
    StorageAccount,
    StorageCalls,
    StorageClients,
    open_storage,
)
from app.adapters.azure.vault import Vault, VaultPlace, open_vault
from app.adapters.embedded.index import SnowballAnalyzer
from app.adapters.resilience import behind, guarded
from app.core import key_uses
from app.core.answering import ExtractiveComposer
from app.core.errors import SetupError
from app.core.metrics import request_charge
from app.core.ports import Analyzer, Composer, Ports
from app.settings import Settings
from app.settings.referring import reference
from app.wiring import cosmos, shared
from app.wiring.guards import Guards, guards


@dataclass(frozen=True, slots=True)
class _Means:
    """What the adapters are opened with."""

    settings: Settings
    identity: Identity
    vault: Vault | None

    def secret(self, value: str | None) -> str | RotatingKey | None:
        """Return a secret setting; one that refers to the vault is what it is there, any time."""
        name = reference(value or "")
        return value if name is None else self._vault().getter(name)

    def _vault(self) -> Vault:
        if self.vault is None:
            raise SetupError("A secret refers to a key vault: set AZURE_KEY_VAULT_URL")
        return self.vault


@dataclass(frozen=True, slots=True)
class _Opened:
    """The backend's own parts."""

    store: CosmosStore
    storage: StorageClients
    sealed: StorageClients  # where copies of the audit trail's checkpoints lie
    models: ModelClient
    analyzer: Analyzer
    guards: Guards


@contextlib.asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Ports]:
    """Open the ports on Azure."""
    async with AsyncExitStack() as stack:
        found = await _opened(settings, stack)
        records, sandbox = found.store.records, shared.sandbox(settings, stack)
        ports = Ports(
            records=records,
            keys=found.store.keys,
            jobs=found.store.jobs,
            blobs=AzureBlobStore(found.storage.container(settings.storage_container_documents)),
            extractor=shared.extractor(settings, sandbox),
            index=found.store.index,
            analyzer=found.analyzer,
            composer=_composer(settings, found),
            audit=found.store.audit,
            meter=await stack.enter_async_context(shared.meter(settings, records)),
            uses=await stack.enter_async_context(key_uses.noting(records)),
            tokens=await shared.tokens(settings, stack),
        )
        yield guarded(ports, found.guards.by_port())


async def prepare(settings: Settings) -> tuple[list[str], list[str]]:
    """Make what is missing on Azure; return what was done, and what is not as it should be.

    UnavailableError if a service can't be reached.
    """
    async with AsyncExitStack() as stack:
        found = await _opened(settings, stack)
        outcome = await initialise(found.store.account)
        await blobs.prepare(found.storage.container(settings.storage_container_documents))
        await blobs.prepare(found.sealed.container(settings.storage_container_audit))
        await queue.prepare(found.storage.queues(), settings.storage_queue_prefix)
        made = [f"made {one}" for one in outcome.made]
        return [*made, *(f"changed {one}" for one in outcome.changed)], outcome.differing


@contextlib.asynccontextmanager
async def dependencies(
    settings: Settings,
) -> AsyncIterator[Mapping[str, Callable[[], Awaitable[object]]]]:
    """Lend what asks each service for something; UnavailableError when it can't be used."""
    async with AsyncExitStack() as stack:
        found = await _opened(settings, stack)
        documents = found.storage.container(settings.storage_container_documents)
        bells = found.storage.queues()
        embedder = _embedder(settings, found.models)
        yield {
            "cosmos db": found.store.records.ping,
            "search index": found.store.index.ping,
            "blob storage": AzureBlobStore(documents).ping,
            "queues": lambda: queue.ping(bells, settings.storage_queue_prefix),
            "embeddings": lambda: embedder.embed_question("ping"),
        }


async def _opened(settings: Settings, stack: AsyncExitStack) -> _Opened:
    means, guarding = await _means(settings, stack), guards(settings)
    calls = StorageCalls(
        api_version=settings.storage_api_version,
        timeout_s=settings.azure_timeout_s,
        budget=guarding.blob.budget,
    )
    enter = stack.enter_async_context
    storage = await enter(open_storage(await _account(means), calls, means.identity))
    sealed = storage
    if settings.storage_account_audit:
        apart = StorageAccount.named(settings.storage_account_audit)
        sealed = await enter(open_storage(apart, calls, means.identity))
    models = await enter(open_client(_resource(means), means.identity))
    analyzer = SnowballAnalyzer()
    bell = await enter(queue.open_doorbell(storage.queues(), settings.storage_queue_prefix))
    seed = means.secret(settings.audit_key) or ""
    store = await enter(
        open_cosmos(
            cosmos.place(settings, means.secret(settings.cosmos_key)),
            CosmosMeans(
                analyzer=analyzer,
                embedder=behind(_embedder(settings, models), "embedder", guarding.openai),
                seal=BlobSeal(sealed.container(settings.storage_container_audit), _getter(seed)),
                identity=means.identity,
                doorbell=bell,
                cache_bytes=settings.index_cache_bytes,
                calls=CosmosCalls(
                    timeout_s=settings.azure_timeout_s,
                    budget=guarding.cosmos.budget,
                    charged=request_charge,
                ),
            ),
        )
    )
    return _Opened(store, storage, sealed, models, analyzer, guarding)


async def redis_login(settings: Settings, username: str, stack: AsyncExitStack) -> IdentityLogin:
    """Return what logs in to Redis as our identity."""
    return IdentityLogin(username, await _identity(settings, stack))


async def _identity(settings: Settings, stack: AsyncExitStack) -> Identity:
    return await stack.enter_async_context(
        open_identity(settings.azure_client_id, developer=settings.environment == "development")
    )


async def _means(settings: Settings, stack: AsyncExitStack) -> _Means:
    identity = await _identity(settings, stack)
    vault = None
    if settings.key_vault_url is not None:
        place = VaultPlace(url=settings.key_vault_url, timeout_s=settings.azure_timeout_s)
        vault = await stack.enter_async_context(open_vault(place, identity))
    return _Means(settings, identity, vault)


async def _account(means: _Means) -> StorageAccount:
    settings = means.settings
    if said := means.secret(settings.storage_connection_string):
        try:
            if isinstance(said, str):
                return StorageAccount.parse(said)
            return replace(StorageAccount.parse(await said()), key=KeyWithin(said))
        except ValueError as error:
            raise SetupError(f"AZURE_STORAGE_CONNECTION_STRING: {error}") from None
    key = means.secret(settings.storage_account_key)
    return StorageAccount.named(settings.storage_account_name or "", key)


def _resource(means: _Means) -> ModelResource:
    settings = means.settings
    return ModelResource(
        endpoint=settings.openai_endpoint or "",
        key=means.secret(settings.openai_key) or None,
        api_version=settings.openai_api_version,
        timeout_s=settings.answer_timeout_s,
    )


def _embedder(settings: Settings, models: ModelClient) -> AzureEmbedder:
    return AzureEmbedder(
        client=models,
        deployment=settings.embedding_deployment or "",
        dimensions=settings.embedding_dimensions,
        timeout_s=settings.azure_timeout_s,
    )


def _composer(settings: Settings, found: _Opened) -> Composer:
    """Return the model, if one is deployed; else what quotes the sources."""
    if settings.openai_deployment is None:
        return ExtractiveComposer(found.analyzer)
    return ChatComposer(
        client=found.models,
        deployment=settings.openai_deployment,
        deadline_s=settings.answer_timeout_s,
    )


def _getter(secret: str | RotatingKey) -> Callable[[], Awaitable[str]]:
    async def given() -> str:
        return secret if isinstance(secret, str) else await secret()

    return given
