"""The client of an account: opened on first use, so that nothing need be up when we start."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator

import aiohttp
from azure.core.credentials_async import AsyncTokenCredential
from azure.core.pipeline.transport import AioHttpTransport
from azure.cosmos.aio import ContainerProxy, CosmosClient, DatabaseProxy
from azure.cosmos.documents import ConnectionPolicy

from app.adapters.azure.cosmos.place import CosmosCalls, CosmosPlace
from app.adapters.azure.cosmos.signing import Tokens, signed
from app.adapters.azure.cosmos.wire import Endpoint
from app.adapters.azure.credentials import RotatingKey
from app.adapters.azure.pooling import pool

_BY_SDK_EVERY_S = 60.0  # a request: only its requests see whether an account's regions changed


class Account:
    """One pool of connections to an account, shared by all containers."""

    def __init__(
        self, place: CosmosPlace, calls: CosmosCalls, identity: AsyncTokenCredential | None
    ) -> None:
        self.place = place
        self.calls = calls
        self._identity = identity
        if place.key is None and identity is None:
            raise ValueError("a Cosmos DB account needs a key or an identity")
        self._client: CosmosClient | None = None
        self._session: aiohttp.ClientSession | None = None
        self._tokens = None if identity is None else Tokens(identity, place.endpoint)
        self._by_sdk_at = 0.0
        self._opening = asyncio.Lock()

    async def client(self) -> CosmosClient:
        """Return the client; whatever the SDK raises if the account can't be reached."""
        if self._client is None:
            async with self._opening:
                if self._client is None:
                    self._client = await self._opened()
        if (key := self._rotating()) is not None:  # it is signed with what is there
            self._client.client_connection.master_key = await key()
        return self._client

    async def endpoint(self) -> Endpoint | None:
        """Return where requests go the short way; None if this one is to be the SDK's.

        The SDK keeps track of the account's regions with its own requests, so it gets one from
        time to time. An account of session consistency is left to it: the tokens are its.
        """
        client, now = await self.client(), time.monotonic()
        known = client.client_connection
        if now - self._by_sdk_at >= _BY_SDK_EVERY_S or known.session is not None:
            self._by_sdk_at = now
            return None
        assert self._session is not None  # noqa: S101 - opened with the client
        return Endpoint(
            self._session,
            writes=known._WriteEndpoint,  # noqa: SLF001 - not to be had otherwise
            reads=known._ReadEndpoint,  # noqa: SLF001
            authorise=self._authorised,
        )

    async def _authorised(self, method: str, link: str, date: str) -> str:
        client = await self.client()
        if (key := client.client_connection.master_key) is not None:
            return signed(key, method, link, date)
        assert self._tokens is not None  # noqa: S101 - there is one of both
        return await self._tokens.header()

    def refused(self) -> None:
        """Take note that our key was not accepted: it may have been rotated."""
        if (key := self._rotating()) is not None:
            key.refused()

    def _rotating(self) -> RotatingKey | None:
        return None if isinstance(self.place.key, str) else self.place.key

    async def _credential(self) -> str | AsyncTokenCredential:
        match self.place.key:
            case str(key):
                return key
            case None if self._identity is not None:
                return self._identity
            case None:
                raise AssertionError("there is one of both")
            case key:
                return await key()

    async def database(self) -> DatabaseProxy:
        """Return the database, whether it is there or not."""
        return (await self.client()).get_database_client(self.place.database)

    async def container(self, name: str) -> ContainerProxy:
        """Return a container, whether it is there or not."""
        return (await self.database()).get_container_client(name)

    async def close(self) -> None:
        """Close all connections."""
        if self._client is not None:
            await self._client.close()

    async def _opened(self) -> CosmosClient:
        policy = ConnectionPolicy()
        policy.RetryOptions._max_retry_attempt_count = 0  # noqa: SLF001 - 0 can't be said otherwise
        self._session = pool(self.calls.connections)
        client = CosmosClient(
            self.place.endpoint,
            await self._credential(),
            connection_policy=policy,
            transport=AioHttpTransport(session=self._session),
            connection_timeout=self.calls.attempt_s,
            read_timeout=self.calls.attempt_s,
            retry_total=0,  # the attempts are ours: see `container`
            retry_connect=0,
            retry_read=0,
            retry_status=0,
        )
        try:
            await client.__aenter__()
        except BaseException:
            await client.close()  # it leaves its connections open when it fails
            raise
        return client


@contextlib.asynccontextmanager
async def open_account(
    place: CosmosPlace, calls: CosmosCalls, identity: AsyncTokenCredential | None
) -> AsyncIterator[Account]:
    """Lend an account; without a key in the place the identity is asked for tokens."""
    account = Account(place, calls, identity)
    try:
        yield account
    finally:
        await account.close()
