"""What is asked of storage again, and what is not: a budget, the service's wish, and safety."""

import secrets
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
from azure.core.exceptions import AzureError, HttpResponseError
from azure.storage.queue.aio import QueueClient

from app.adapters.azure.blobs import AzureBlobStore, prepare
from app.adapters.azure.storage import (
    StorageAccount,
    StorageCalls,
    StorageClients,
    open_storage,
)
from app.adapters.resilience import Budget
from app.core import deadlines
from app.core.errors import UnavailableError
from tests.peers.azurite import API_VERSION, connection_string
from tests.peers.programs import Running
from tests.peers.proxying import Faults

BUSY: dict[str, Any] = {"kind": "http", "stream": "upstream", "status": 503}
BROKEN: dict[str, Any] = {"kind": "http", "stream": "upstream", "status": 500}
CALLS = StorageCalls(api_version=API_VERSION, timeout_s=60, retries=3)


class Entrance:
    """A storage account behind a proxy of a test's own, for blobs and messages."""

    def __init__(self, faults: Faults, account: StorageAccount) -> None:
        self._faults, self._name = faults, secrets.token_hex(4)
        self.account = replace(
            account,
            blob_url=faults.front(f"{self._name}-blobs", account.blob_url),
            queue_url=faults.front(f"{self._name}-queues", account.queue_url),
        )

    def poison(self, service: str, kind: str, **said: object) -> None:
        self._faults.poison(f"{self._name}-{service}", kind, **said)

    def asked(self, service: str) -> int:
        """How often the proxy answered instead of the service."""
        return sum(self._faults.hits(f"{self._name}-{service}").values())


@pytest.fixture
def entrance(faults: Faults, azurite: Running) -> Entrance:
    return Entrance(faults, StorageAccount.parse(connection_string(azurite.urls)))


@pytest.fixture
def budget() -> Budget:
    return Budget(share=0.0, most=4)


@pytest.fixture
async def clients(entrance: Entrance, budget: Budget) -> AsyncIterator[StorageClients]:
    async with open_storage(entrance.account, replace(CALLS, budget=budget)) as opened:
        yield opened


@pytest.fixture
async def store(clients: StorageClients) -> AzureBlobStore:
    container = clients.container("eva-retries")
    await prepare(container)
    return AzureBlobStore(container)


@pytest.fixture
async def messages(clients: StorageClients) -> QueueClient:
    queue = clients.queues().get_queue_client(f"eva-{secrets.token_hex(4)}")
    await queue.create_queue()
    return queue


async def test_what_fails_is_asked_again_until_the_budget_is_spent(
    store: AzureBlobStore, entrance: Entrance, budget: Budget
) -> None:
    entrance.poison("blobs", **BROKEN)
    for _ in range(4):
        with pytest.raises(UnavailableError):
            await store.ping()
    # Three more for the first, one for the second: then the budget was spent.
    assert entrance.asked("blobs") == 4 + 2 + 1 + 1
    assert not budget.spend()


async def test_a_service_that_names_a_time_is_not_asked_before(
    store: AzureBlobStore, entrance: Entrance
) -> None:
    entrance.poison("blobs", **BUSY, headers={"retry-after": "1"})
    begun = time.monotonic()
    with pytest.raises(UnavailableError):
        await store.ping()
    assert time.monotonic() - begun >= 3  # a second before each further attempt
    assert entrance.asked("blobs") == 4


async def test_a_wait_for_which_there_is_no_time_is_left_to_the_client(
    store: AzureBlobStore, entrance: Entrance, budget: Budget
) -> None:
    entrance.poison("blobs", **BUSY, headers={"retry-after": "120"})
    with deadlines.within(100), pytest.raises(UnavailableError) as caught:
        await store.ping()
    assert caught.value.facts["retry_after"] == 120
    assert entrance.asked("blobs") == 1
    assert budget.spend(), "nothing was taken from the budget"


@pytest.mark.parametrize("fault", [BROKEN, {"kind": "reset_peer"}], ids=["error", "no answer"])
async def test_a_message_that_may_be_there_already_is_not_put_up_again(
    messages: QueueClient, entrance: Entrance, fault: dict[str, Any]
) -> None:
    entrance.poison("queues", **fault)
    with pytest.raises(AzureError):
        await messages.send_message("ring")
    assert entrance.asked("queues") == 1


async def test_a_message_that_was_turned_away_is_put_up_again(
    messages: QueueClient, entrance: Entrance
) -> None:
    entrance.poison("queues", **BUSY)
    with pytest.raises(HttpResponseError):
        await messages.send_message("ring")
    assert entrance.asked("queues") == 4


async def test_a_look_for_messages_is_repeated(messages: QueueClient, entrance: Entrance) -> None:
    entrance.poison("queues", **BROKEN)
    with pytest.raises(HttpResponseError):
        await messages.receive_message()
    assert entrance.asked("queues") == 4
