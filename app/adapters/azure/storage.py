"""A storage account: where it is, how to get in, how long to wait for it."""

import contextlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self

from azure.core.credentials import AzureNamedKeyCredential
from azure.core.credentials_async import AsyncTokenCredential
from azure.core.pipeline.transport import AioHttpTransport
from azure.storage.blob.aio import ContainerClient
from azure.storage.queue.aio import QueueServiceClient

from app.adapters.azure.credentials import RotatingKey
from app.adapters.azure.pooling import pool
from app.adapters.azure.retries import BudgetedRetry
from app.adapters.azure.signing import Signing
from app.adapters.resilience import Budget

_SUFFIX = "core.windows.net"


@dataclass(frozen=True, slots=True, kw_only=True)
class StorageAccount:
    """Addresses of the services of an account, and its key; without one an identity is used."""

    name: str
    blob_url: str
    queue_url: str
    key: str | RotatingKey | None = field(default=None, repr=False)

    @classmethod
    def named(cls, name: str, key: str | RotatingKey | None = None) -> Self:
        """Return the account of this name in the public cloud."""
        return replace(cls._of({"AccountName": name}), key=key)

    @classmethod
    def parse(cls, connection_string: str) -> Self:
        """Read a connection string; raises ValueError naming what it lacks."""
        pairs = (part.partition("=") for part in connection_string.split(";") if part.strip())
        return cls._of({name.strip(): value.strip() for name, _, value in pairs})

    @classmethod
    def _of(cls, said: Mapping[str, str]) -> Self:
        name = said.get("AccountName", "")
        if not name:
            raise ValueError("a storage connection string needs AccountName")
        scheme = said.get("DefaultEndpointsProtocol", "https")
        suffix = said.get("EndpointSuffix", _SUFFIX)
        return cls(
            name=name,
            blob_url=said.get("BlobEndpoint", f"{scheme}://{name}.blob.{suffix}"),
            queue_url=said.get("QueueEndpoint", f"{scheme}://{name}.queue.{suffix}"),
            key=said.get("AccountKey"),
        )


@dataclass(frozen=True, slots=True)
class KeyWithin:
    """The key in a connection string that may change while we run; where it leads may not."""

    said: RotatingKey

    async def __call__(self) -> str:
        """Return the key as it is now."""
        return str(StorageAccount.parse(await self.said()).key or "")

    def refused(self) -> None:
        """Take note that the key was not accepted."""
        self.said.refused()


@dataclass(frozen=True, slots=True, kw_only=True)
class StorageCalls:
    """How the account is called: its API version, connections, seconds, attempts after the first.

    The SDKs speak a version that is newer than some servers know, hence it is said. Calls for blobs
    earn their further attempts in the `budget`, those for messages in one of their own.
    """

    api_version: str
    connections: int = 64
    timeout_s: float = 5.0
    retries: int = 2
    budget: Budget = field(default_factory=Budget)


@dataclass(frozen=True, slots=True)
class StorageClients:
    """Makes clients that share one pool of connections."""

    account: StorageAccount
    _arguments: Mapping[str, Any]
    _blobs: BudgetedRetry
    _messages: BudgetedRetry
    _signing: Signing | None

    def container(self, name: str) -> ContainerClient:
        """Return a client of a blob container."""
        url = self.account.blob_url
        client = ContainerClient(url, name, retry_policy=self._blobs, **self._arguments)
        if self._signing is not None:
            self._signing.watch(client)
        return client

    def queues(self) -> QueueServiceClient:
        """Return a client of the account's queues."""
        url = self.account.queue_url
        client = QueueServiceClient(url, retry_policy=self._messages, **self._arguments)
        if self._signing is not None:
            self._signing.watch(client)
        return client


@contextlib.asynccontextmanager
async def open_storage(
    account: StorageAccount, calls: StorageCalls, identity: AsyncTokenCredential | None = None
) -> AsyncIterator[StorageClients]:
    """Open the pool; without a key in the account the identity is asked for tokens."""
    signing: Signing | None = None
    credential: AzureNamedKeyCredential | AsyncTokenCredential | None = identity
    if isinstance(account.key, str):
        credential = AzureNamedKeyCredential(account.name, account.key)
    elif account.key is not None:
        signing = Signing(account.key)
        credential = await signing.credential(account.name)
    if credential is None:
        raise ValueError("a storage account needs a key or an identity")
    session = pool(calls.connections)
    again: dict[str, Any] = {"retries": calls.retries, "longest_s": calls.timeout_s}
    blobs = BudgetedRetry("blob", calls.budget, signing, **again)
    messages = BudgetedRetry("queue", Budget(), signing, **again)
    transport = AioHttpTransport(  # said to the client, the times would not reach it
        session=session,
        session_owner=False,
        connection_timeout=calls.timeout_s,
        read_timeout=calls.timeout_s,
    )
    arguments = {
        "credential": credential,
        "api_version": calls.api_version,
        "transport": transport,
    }
    async with session:
        yield StorageClients(account, arguments, blobs, messages, signing)
