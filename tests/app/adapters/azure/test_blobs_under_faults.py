"""Blob Storage that is late, cut, throttled or gone: nothing half-stored, nothing doubled."""

import asyncio
import secrets
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

import pytest
from azure.storage.blob.aio import ContainerClient

from app.adapters.azure.blobs import AzureBlobStore, prepare
from app.adapters.azure.storage import StorageAccount, StorageCalls, open_storage
from app.core.errors import TooLargeError, UnavailableError
from app.core.ids import new_id
from app.core.models import VersionRef
from tests.peers.azurite import API_VERSION, connection_string
from tests.peers.programs import Running
from tests.peers.proxying import Faults

CONTAINER = "eva-faults"
ROOMY = 1 << 30
BIG = secrets.token_bytes(9 << 20)  # three pieces
PATIENT = StorageCalls(api_version=API_VERSION, timeout_s=60, retries=5)
ONCE = replace(PATIENT, retries=0)
HASTY = replace(ONCE, timeout_s=0.5)


@pytest.fixture
def ref() -> VersionRef:
    return VersionRef(
        tenant_id=new_id("ten"), space_id=new_id("spc"), document_id=new_id("doc"), version=1
    )


@pytest.fixture
def direct(azurite: Running) -> StorageAccount:
    return StorageAccount.parse(connection_string(azurite.urls))


@pytest.fixture
async def container(direct: StorageAccount) -> AsyncIterator[ContainerClient]:
    async with open_storage(direct, PATIENT) as clients:
        opened = clients.container(CONTAINER)
        await prepare(opened)
        yield opened


@pytest.fixture
def safe(container: ContainerClient) -> AzureBlobStore:
    """The store as it is, behind the faults."""
    return AzureBlobStore(container)


@dataclass(frozen=True)
class Road:
    """The account behind a proxy of a test's own."""

    faults: Faults
    name: str
    account: StorageAccount

    def poison(self, kind: str, **said: object) -> None:
        self.faults.poison(self.name, kind, **said)

    @asynccontextmanager
    async def store(self, calls: StorageCalls) -> AsyncIterator[AzureBlobStore]:
        async with open_storage(self.account, calls) as clients:
            yield AzureBlobStore(clients.container(CONTAINER))


@pytest.fixture
def road(faults: Faults, direct: StorageAccount) -> Road:
    name = secrets.token_hex(4)
    behind = replace(direct, blob_url=faults.front(name, direct.blob_url))
    return Road(faults, name, behind)


async def once(data: bytes) -> AsyncIterator[bytes]:
    yield data


async def stored(store: AzureBlobStore, ref: VersionRef, data: bytes) -> None:
    await store.put(ref, "original", once(data), max_bytes=ROOMY)


async def read(store: AzureBlobStore, ref: VersionRef) -> bytes:
    return b"".join([piece async for piece in store.read(ref, "original")])


@pytest.mark.parametrize("data", [b"small", BIG], ids=["small", "in blocks"])
async def test_a_write_whose_answer_was_lost_is_repeated_and_is_our_own_success(
    safe: AzureBlobStore, road: Road, ref: VersionRef, data: bytes
) -> None:
    road.poison("limit_data", bytes=20)  # every answer is cut: all that is asked happens
    async with road.store(PATIENT) as store, asyncio.TaskGroup() as group:
        group.create_task(stored(store, ref, data))
        group.create_task(asyncio.to_thread(_cured_once_struck, road))
    assert await read(safe, ref) == data
    assert await safe.count(ref.partition) == 1


def _cured_once_struck(road: Road) -> None:
    while not road.faults.hits(road.name).get("limit_data_downstream"):
        time.sleep(0.02)
    road.faults.reset()


async def test_an_upload_cut_in_the_middle_leaves_the_old_blob_as_it_was(
    safe: AzureBlobStore, road: Road, ref: VersionRef
) -> None:
    await stored(safe, ref, b"old")
    road.poison("limit_data", stream="upstream", bytes=5 << 20)
    async with road.store(HASTY) as store:
        with pytest.raises(UnavailableError) as caught:
            await stored(store, ref, BIG)
    assert caught.value.facts["dependency"] == "blobs"
    assert await read(safe, ref) == b"old"
    assert await safe.count(ref.partition) == 1


async def test_blocks_of_an_upload_that_was_too_large_are_no_blob(
    safe: AzureBlobStore, ref: VersionRef
) -> None:
    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield BIG

    with pytest.raises(TooLargeError):
        await safe.put(ref, "original", endless(), max_bytes=2 * len(BIG))
    assert await safe.count(ref.partition) == 0
    assert await safe.info(ref, "original") is None


async def test_a_download_cut_in_the_middle_is_taken_up_again(
    safe: AzureBlobStore, road: Road, ref: VersionRef
) -> None:
    await stored(safe, ref, BIG)
    async with road.store(PATIENT) as store:
        stream = store.read(ref, "original")
        first = await anext(stream)
        road.faults.enable(road.name, enabled=False)  # every open connection is reset
        road.faults.enable(road.name, enabled=True)
        assert first + b"".join([piece async for piece in stream]) == BIG


async def test_what_is_replaced_by_the_same_content_reads_on_and_by_other_content_does_not(
    safe: AzureBlobStore, ref: VersionRef
) -> None:
    await stored(safe, ref, BIG)
    stream = safe.read(ref, "original")
    first = await anext(stream)
    await stored(safe, ref, BIG)
    assert first + b"".join([piece async for piece in stream]) == BIG
    stream = safe.read(ref, "original")
    await anext(stream)
    await stored(safe, ref, b"other" + BIG)
    with pytest.raises(UnavailableError):
        await anext(stream)


@pytest.mark.parametrize(
    ("calls", "said", "retry_after"),
    [
        (HASTY, {"kind": "timeout"}, 1),
        (ONCE, {"kind": "reset_peer"}, 1),
        (ONCE, {"kind": "http", "status": 503, "headers": {"retry-after": "9"}}, 9),
        (ONCE, {"kind": "http", "status": 403}, 1),
        (ONCE, {"kind": "http", "status": 200, "body": "<html>"}, 1),
    ],
    ids=["black hole", "reset", "throttled", "forbidden", "nonsense"],
)
async def test_storage_that_fails_is_named_quickly_and_says_when_to_come_back(
    road: Road, ref: VersionRef, calls: StorageCalls, said: dict[str, str], retry_after: int
) -> None:
    async with road.store(ONCE) as store:
        await store.ping()
    road.poison(**said)
    begun = time.monotonic()
    async with road.store(calls) as store:
        with pytest.raises(UnavailableError) as caught:
            await store.count(ref.partition)
    assert caught.value.facts == {"dependency": "blobs", "retry_after": retry_after}
    assert time.monotonic() - begun < 30  # half the time that there was


async def test_a_container_that_is_not_there_is_no_missing_document(
    direct: StorageAccount, ref: VersionRef
) -> None:
    async with open_storage(direct, HASTY) as clients:
        store = AzureBlobStore(clients.container("eva-nothing"))
        with pytest.raises(UnavailableError):
            await read(store, ref)
        with pytest.raises(UnavailableError):
            await store.ping()
