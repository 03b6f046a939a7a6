"""The one client of a resource: its address, its key or identity, its pool of connections."""

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import TypeAlias

import httpx2
from azure.core.credentials_async import AsyncTokenCredential
from azure.identity.aio import get_bearer_token_provider
from openai import AsyncAzureOpenAI, AsyncOpenAI, DefaultAioHttpClient

from app.adapters.azure.credentials import RotatingKey

_UNAUTHORISED = 401
_SCOPE = "https://ai.azure.com/.default"
_LEGACY_SCOPE = "https://cognitiveservices.azure.com/.default"

ModelClient: TypeAlias = AsyncOpenAI


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelResource:
    """An Azure OpenAI resource; without a key an identity is used.

    `api_version` is for resources without the v1 endpoint. `timeout_s` is the longest silence.
    """

    endpoint: str
    key: str | RotatingKey | None = field(default=None, repr=False)
    api_version: str | None = None
    connections: int = 256
    timeout_s: float = 15.0


@contextlib.asynccontextmanager
async def open_client(
    resource: ModelResource, identity: AsyncTokenCredential | None = None
) -> AsyncIterator[AsyncOpenAI]:
    """Open the pool. Nothing is repeated by the client: whoever calls knows what may be."""
    if resource.key is None and identity is None:
        raise ValueError("a model resource needs a key or an identity")
    limits = httpx2.Limits(max_connections=resource.connections)
    # On httpx's own transport, calls that wait for a model at once slow each other down.
    http = DefaultAioHttpClient(limits=limits, timeout=resource.timeout_s)
    if resource.key is not None and not isinstance(resource.key, str):
        http.event_hooks = {"response": [_watching(resource.key)]}
    async with http:
        if resource.api_version is None:
            yield _current(resource, identity, http)
        else:
            yield _legacy(resource, identity, http)


def _watching(key: RotatingKey) -> Callable[[httpx2.Response], Awaitable[None]]:
    """Return what looks at each answer for a key that was not accepted."""

    async def watch(answer: httpx2.Response) -> None:
        if answer.status_code == _UNAUTHORISED:
            key.refused()

    return watch


def _current(
    resource: ModelResource, identity: AsyncTokenCredential | None, http: httpx2.AsyncClient
) -> AsyncOpenAI:
    key = resource.key
    return AsyncOpenAI(
        base_url=f"{resource.endpoint.rstrip('/')}/openai/v1/",
        api_key=key if key or identity is None else get_bearer_token_provider(identity, _SCOPE),
        max_retries=0,
        timeout=resource.timeout_s,
        http_client=http,
    )


def _legacy(
    resource: ModelResource, identity: AsyncTokenCredential | None, http: httpx2.AsyncClient
) -> AsyncOpenAI:
    tokens = get_bearer_token_provider(identity, _LEGACY_SCOPE) if identity else None
    return AsyncAzureOpenAI(
        azure_endpoint=resource.endpoint,
        api_version=resource.api_version,
        api_key=resource.key,
        azure_ad_token_provider=None if resource.key else tokens,
        max_retries=0,
        timeout=resource.timeout_s,
        http_client=http,
    )
