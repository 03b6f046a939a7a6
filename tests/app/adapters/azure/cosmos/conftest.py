"""A store on the peer, whose answers a test can spoil."""

from collections.abc import AsyncIterator, Callable, Iterator

import pytest

from app.adapters.azure.cosmos import CosmosStore, container, open_cosmos
from app.core.ids import new_id
from app.core.models import Partition
from tests.contract.cosmos import fresh_database, means
from tests.peers.cosmos.faults import Faults
from tests.peers.cosmos.running import Running
from tests.peers.fixtures import cosmos_peer

__all__ = ["cosmos_peer"]


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shorten the pauses before what failed is asked again, but those that were asked for."""
    monkeypatch.setattr(container, "_LONGEST_PAUSE_S", 0.01)


@pytest.fixture
async def store(cosmos_peer: Running) -> AsyncIterator[CosmosStore]:
    async with fresh_database(cosmos_peer) as opened:
        yield opened


@pytest.fixture
def faults(cosmos_peer: Running) -> Iterator[Faults]:
    """What goes wrong, from now on, until the test ends."""
    yield cosmos_peer.peer.faults
    cosmos_peer.peer.faults.end()


@pytest.fixture
def home() -> Partition:
    return Partition(new_id("ten"))


@pytest.fixture
def space(home: Partition) -> Partition:
    return Partition(home.tenant_id, new_id("spc"))


@pytest.fixture
async def other(store: CosmosStore) -> AsyncIterator[CosmosStore]:
    """The store of a process that has seen nothing yet."""
    async with open_cosmos(store.account.place, means()) as opened:
        yield opened


@pytest.fixture
def asked(cosmos_peer: Running) -> Callable[[], int]:
    """How many requests there were since the last time."""
    journal = cosmos_peer.peer.journal
    journal.clear()

    def since() -> int:
        number = len(journal)
        journal.clear()
        return number

    return since
