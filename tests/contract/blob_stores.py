"""The blob stores that the contract runs against; a new one is one more entry."""

import os
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest

from app.adapters import embedded
from app.adapters.azure.blobs import AzureBlobStore, prepare
from app.adapters.azure.storage import StorageAccount, StorageCalls, open_storage
from app.core.ports import BlobStore
from tests.peers.azurite import API_VERSION, connection_string
from tests.peers.programs import Running
from tests.peers.real import REAL, choices

CONTAINER = "eva-contract"
ACCOUNT = "storage account"


@asynccontextmanager
async def _embedded(request: pytest.FixtureRequest) -> AsyncIterator[BlobStore]:
    folder: Path = request.getfixturevalue("tmp_path")
    async with embedded.open_store(folder / "data") as store:
        yield store.blobs


@asynccontextmanager
async def _azurite(request: pytest.FixtureRequest) -> AsyncIterator[BlobStore]:
    peer: Running = request.getfixturevalue("azurite")
    async with _opened(connection_string(peer.urls)) as store:
        yield store


@asynccontextmanager
async def _account(_: pytest.FixtureRequest) -> AsyncIterator[BlobStore]:
    async with _opened(os.environ[REAL[ACCOUNT][0]]) as store:
        yield store


@asynccontextmanager
async def _opened(said: str) -> AsyncIterator[BlobStore]:
    calls = StorageCalls(api_version=API_VERSION, timeout_s=30)
    async with open_storage(StorageAccount.parse(said), calls) as clients:
        container = clients.container(CONTAINER)
        await prepare(container)
        yield AzureBlobStore(container)


BLOB_STORES: dict[
    str, Callable[[pytest.FixtureRequest], AbstractAsyncContextManager[BlobStore]]
] = {"embedded": _embedded, "azurite": _azurite, ACCOUNT: _account}
CHOICES = choices("embedded", "azurite", real=ACCOUNT)
