"""Keys of accounts that are kept in the vault change there, and the clients that are open go on."""

import base64
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from app.adapters.azure import queue
from app.adapters.azure.blobs import AzureBlobStore, prepare
from app.adapters.azure.cosmos import CosmosPlace, initialise, open_cosmos
from app.adapters.azure.storage import KeyWithin, StorageAccount, StorageCalls, open_storage
from app.adapters.azure.vault import TTL_S, Vault, VaultSecret
from app.core.errors import UnavailableError
from tests.clock import Clock
from tests.contract.cosmos import VECTORS, means
from tests.peers import azurite as storage_peer
from tests.peers.cosmos.running import Running as CosmosPeer
from tests.peers.programs import Running
from tests.peers.vaults import fill

OTHER = base64.b64encode(secrets.token_bytes(64)).decode()
Use = Callable[[], Awaitable[object]]


@dataclass(frozen=True)
class Kept:
    """A secret of the vault, and the vault's clock."""

    vault: Vault
    folder: Path
    url: str
    name: str
    seconds: Clock

    @property
    def secret(self) -> VaultSecret:
        return self.vault.getter(self.name)

    def store(self, value: str) -> None:
        fill(self.folder, self.url, **{self.name: value})


@pytest.fixture
def kept(found: Vault, vault_folder: Path, trusted: str, name: str, seconds: Clock) -> Kept:
    return Kept(found, vault_folder, trusted, name, seconds)


async def rotated(kept: Kept, use: Use, good: str, other: str) -> None:
    """Rotate to a key that the service does not know, and back, while clients are open."""
    await use()
    kept.store(other)
    kept.seconds.now += TTL_S
    with pytest.raises(UnavailableError):  # the new key is used without being told to
        await use()
    kept.store(good)
    with pytest.raises(UnavailableError):  # it was only just read
        await use()
    kept.seconds.now += 10
    await use()  # what was refused is read anew, long before it is old


@asynccontextmanager
async def storage(account: StorageAccount) -> AsyncIterator[tuple[Use, Use]]:
    calls = StorageCalls(api_version=storage_peer.API_VERSION, timeout_s=60, retries=0)
    async with open_storage(account, calls) as clients:
        container, queues = clients.container("eva-rotation"), clients.queues()
        await prepare(container)
        await queue.prepare(queues, "eva-rotation")
        yield AzureBlobStore(container).ping, lambda: queue.ping(queues, "eva-rotation")


@pytest.mark.parametrize("service", [0, 1], ids=["blobs", "queues"])
async def test_the_key_of_a_storage_account_rotates(
    kept: Kept, azurite: Running, service: int
) -> None:
    account = StorageAccount.parse(storage_peer.connection_string(azurite.urls))
    kept.store(storage_peer.KEY)
    async with storage(replace(account, key=kept.secret)) as uses:
        await rotated(kept, uses[service], storage_peer.KEY, OTHER)


async def test_the_key_within_a_connection_string_rotates(kept: Kept, azurite: Running) -> None:
    said = storage_peer.connection_string(azurite.urls)
    kept.store(said)
    account = replace(StorageAccount.parse(said), key=KeyWithin(kept.secret))
    async with storage(account) as (blobs, _):
        await rotated(kept, blobs, said, said.replace(storage_peer.KEY, OTHER))


async def test_the_key_of_a_database_rotates(kept: Kept, cosmos_peer: CosmosPeer) -> None:
    place = CosmosPlace(endpoint=cosmos_peer.endpoint, key=kept.secret, vectors=VECTORS)
    kept.store(cosmos_peer.key)
    async with open_cosmos(place, means()) as store:
        await initialise(store.account)
        await rotated(kept, store.records.ping, cosmos_peer.key, OTHER)
