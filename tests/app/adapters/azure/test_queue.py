"""The doorbell on a real queue protocol. Jobs themselves are records: see their contract."""

import asyncio
import logging
import secrets
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from azure.storage.queue.aio import QueueServiceClient

from app.adapters.azure.queue import QueueDoorbell, open_doorbell, ping, prepare, queue_name
from app.adapters.azure.storage import StorageAccount, StorageCalls, open_storage
from app.core.errors import UnavailableError
from app.core.models import JobKind
from tests.peers.azurite import API_VERSION, connection_string
from tests.peers.programs import Running

LONG_S = 60.0
SHORT_S = 0.3
CALLS = StorageCalls(api_version=API_VERSION, timeout_s=LONG_S, retries=0)


@asynccontextmanager
async def opened(account: StorageAccount) -> AsyncIterator[QueueServiceClient]:
    async with open_storage(account, CALLS) as clients:
        yield clients.queues()


@pytest.fixture
def account(azurite: Running) -> StorageAccount:
    return StorageAccount.parse(connection_string(azurite.urls))


@pytest.fixture
async def queues(account: StorageAccount) -> AsyncIterator[QueueServiceClient]:
    async with opened(account) as service:
        yield service


@pytest.fixture
async def prefix(queues: QueueServiceClient) -> str:
    """The name of queues of this test's own."""
    name = f"eva-{secrets.token_hex(4)}"
    await prepare(queues, name)
    await prepare(queues, name)  # again is no error
    return name


@pytest.fixture
async def bell(queues: QueueServiceClient, prefix: str) -> AsyncIterator[QueueDoorbell]:
    async with open_doorbell(queues, prefix) as opened_bell:
        yield opened_bell


async def waited(bell: QueueDoorbell, kinds: tuple[JobKind, ...], timeout_s: float) -> float:
    begun = time.monotonic()
    await bell.wait(kinds, timeout_s)
    return time.monotonic() - begun


async def buried(queues: QueueServiceClient, prefix: str, bell: QueueDoorbell) -> list[str]:
    """Listen to a bell that does not ring until something is kept aside; return that."""
    while not (found := await left(queues, queue_name(prefix, "poison"))):
        assert await bell.wait((JobKind.INGEST,), SHORT_S) == []
    return found


async def left(queues: QueueServiceClient, name: str) -> list[str]:
    queue = queues.get_queue_client(name)
    return [message.content for message in await queue.peek_messages(max_messages=32)]


async def test_a_ring_ends_the_waiting_of_one_and_is_used_up(
    bell: QueueDoorbell, queues: QueueServiceClient, prefix: str
) -> None:
    waiting = asyncio.create_task(waited(bell, (JobKind.ANSWER, JobKind.INGEST), LONG_S))
    bell.ring(JobKind.INGEST)
    assert await waiting < LONG_S
    assert await left(queues, queue_name(prefix, JobKind.INGEST)) == []
    assert await waited(bell, (JobKind.INGEST,), SHORT_S) >= SHORT_S


async def test_each_ring_wakes_one_of_those_who_wait(
    bell: QueueDoorbell, queues: QueueServiceClient, prefix: str
) -> None:
    waiting = [asyncio.create_task(bell.wait((JobKind.ANSWER,), LONG_S)) for _ in range(3)]
    await asyncio.sleep(0)
    answers = queues.get_queue_client(queue_name(prefix, JobKind.ANSWER))
    for _ in waiting:
        await answers.send_message(JobKind.ANSWER.value)
    assert await asyncio.gather(*waiting) == [[JobKind.ANSWER]] * 3
    assert await left(queues, queue_name(prefix, JobKind.ANSWER)) == []


async def test_rings_that_follow_each_other_soon_are_one(
    bell: QueueDoorbell, queues: QueueServiceClient, prefix: str
) -> None:
    for _ in range(5):
        bell.ring(JobKind.INGEST)
    bell.ring(JobKind.ANSWER)
    await asyncio.sleep(0.2)
    for _ in range(5):
        bell.ring(JobKind.INGEST)
    await bell.close()
    assert await left(queues, queue_name(prefix, JobKind.INGEST)) == ["ingest", "ingest"]
    assert await left(queues, queue_name(prefix, JobKind.ANSWER)) == ["answer"]


async def test_who_waits_next_at_a_quiet_bell_looks_no_sooner(bell: QueueDoorbell) -> None:
    kinds = (JobKind.ANSWER,)
    pace, begun = bell._ears[kinds].paces[JobKind.ANSWER], time.monotonic()
    for _ in range(10):
        assert await bell.wait(kinds, 0.1) == []
    assert pace.looks <= 1 + (time.monotonic() - begun) / 0.25  # the first at once, none sooner
    waiting = asyncio.create_task(bell.wait(kinds, LONG_S))
    bell.ring(JobKind.ANSWER)
    assert await waiting == [JobKind.ANSWER]
    assert pace.looks == 1


async def test_a_quiet_bell_is_looked_at_no_sooner_because_another_rang(
    bell: QueueDoorbell,
) -> None:
    kinds = (JobKind.DESCRIBE, JobKind.ERASE_SPACE)
    quiet = bell._ears[kinds].paces[JobKind.DESCRIBE]
    quiet.next_look = time.monotonic() + 3600
    for _ in range(2):
        bell.ring(JobKind.ERASE_SPACE)
        assert await bell.wait(kinds, LONG_S) == [JobKind.ERASE_SPACE]
    assert quiet.looks == 0


async def test_a_bell_that_failed_is_relied_on_for_less_long(
    account: StorageAccount, bell: QueueDoorbell
) -> None:
    nowhere = replace(account, queue_url="http://127.0.0.1:9/devstoreaccount1")
    async with opened(nowhere) as service, open_doorbell(service, "eva") as broken:
        assert broken.quiet_s == bell.quiet_s
        while not broken._mistrusted_until:
            assert await broken.wait((JobKind.ANSWER,), SHORT_S) == []
            assert await bell.wait((JobKind.ANSWER,), SHORT_S) == []
        assert broken.quiet_s < bell.quiet_s


async def test_another_kind_rings_elsewhere(
    bell: QueueDoorbell, queues: QueueServiceClient, prefix: str
) -> None:
    bell.ring(JobKind.ANSWER)
    assert await waited(bell, (JobKind.INGEST,), SHORT_S) >= SHORT_S
    assert await left(queues, queue_name(prefix, JobKind.ANSWER)) == ["answer"]


async def test_poison_is_kept_aside_and_wakes_nobody(
    bell: QueueDoorbell,
    queues: QueueServiceClient,
    prefix: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    ingest = queues.get_queue_client(queue_name(prefix, JobKind.INGEST))
    await ingest.send_message("<drop every table>")
    assert await buried(queues, prefix, bell) == ["<drop every table>"]
    while await left(queues, queue_name(prefix, JobKind.INGEST)):
        assert await bell.wait((JobKind.INGEST,), SHORT_S) == []
    assert "is poison (taken 1 times)" in caplog.text
    bell.ring(JobKind.INGEST)
    assert await waited(bell, (JobKind.INGEST,), LONG_S) < LONG_S


async def test_a_message_that_takers_keep_dying_of_ends_as_poison(
    bell: QueueDoorbell, queues: QueueServiceClient, prefix: str
) -> None:
    ingest = queues.get_queue_client(queue_name(prefix, JobKind.INGEST))
    await ingest.send_message(JobKind.INGEST.value)
    for _ in range(5):  # taken, and let go of by dying
        message = await ingest.receive_message(visibility_timeout=30)
        assert message is not None
        await ingest.update_message(message, visibility_timeout=0)
    assert await buried(queues, prefix, bell) == ["ingest"]


async def test_a_message_taken_by_one_who_died_shows_up_again(
    bell: QueueDoorbell, queues: QueueServiceClient, prefix: str
) -> None:
    ingest = queues.get_queue_client(queue_name(prefix, JobKind.INGEST))
    await ingest.send_message(JobKind.INGEST.value)
    assert await ingest.receive_message(visibility_timeout=1) is not None
    assert await waited(bell, (JobKind.INGEST,), LONG_S) < LONG_S


async def test_queues_that_are_down_trouble_nobody_and_are_named_when_asked(
    account: StorageAccount, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    nowhere = replace(account, queue_url="http://127.0.0.1:9/devstoreaccount1")
    async with opened(nowhere) as service:
        async with open_doorbell(service, "eva") as bell:
            bell.ring(JobKind.ANSWER)
            while "the doorbell is out of order" not in caplog.text:
                assert await waited(bell, (JobKind.ANSWER,), SHORT_S) >= SHORT_S
        with pytest.raises(UnavailableError) as caught:
            await ping(service, "eva")
    assert caught.value.facts["dependency"] == "queue"


async def test_queues_that_answer_are_there(queues: QueueServiceClient, prefix: str) -> None:
    await ping(queues, prefix)
    with pytest.raises(UnavailableError):
        await ping(queues, "eva-nothing")
