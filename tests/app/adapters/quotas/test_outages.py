import asyncio
import logging
import secrets
import time
from collections.abc import AsyncIterator, Coroutine
from typing import Any

import pytest

from app.adapters.quotas import Breaker, Redis, SharedCounter, shared_counter
from app.core.errors import UnavailableError
from app.core.quotas import OnLoss, Take
from tests.app.adapters.quotas.redis_server import Door, door
from tests.clock import Clock

PATIENCE_S = 0.25  # with Redis while it is lost


def someone(limit: int = 1000, on_loss: OnLoss = OnLoss.OPEN) -> Take:
    return Take(secrets.token_hex(8), limit, 1, on_loss)


@pytest.fixture
def seconds() -> Clock:
    return Clock(100.0)


@pytest.fixture
async def entrance(redis_port: int) -> AsyncIterator[Door]:
    """A door in front of Redis."""
    async with door(redis_port) as found:
        yield found


@pytest.fixture
async def counter(entrance: Door, seconds: Clock) -> AsyncIterator[SharedCounter]:
    """A counter that has reached Redis before."""
    redis = Redis(host="127.0.0.1", port=entrance.port, timeout_s=60)
    async with shared_counter(redis, Breaker(seconds)) as found:
        await found.take(someone())
        assert found.lost == 0
        found._deadline_s = PATIENCE_S
        yield found


async def lose(counter: SharedCounter) -> None:
    """Ask until nobody is asked any more."""
    for _ in range(3):
        await counter.take(someone())


async def hole(entrance: Door) -> None:
    entrance.hole = True


async def slow(entrance: Door) -> None:
    entrance.delay_s = 2.0


async def gone(entrance: Door) -> None:
    await entrance.shut()


OUTAGES = [hole, slow, gone]


@pytest.mark.parametrize("outage", OUTAGES)
async def test_an_operation_that_stays_open_is_counted_here_while_redis_is_lost(
    counter: SharedCounter, entrance: Door, outage: object
) -> None:
    assert callable(outage)
    await outage(entrance)
    take = someone(limit=5)
    found = [await counter.take(take) for _ in range(12)]
    assert found.count(0.0) == 5
    assert counter.lost == 12


@pytest.mark.parametrize("outage", OUTAGES)
async def test_an_operation_that_closes_is_refused_while_redis_is_lost(
    counter: SharedCounter, entrance: Door, outage: object
) -> None:
    assert callable(outage)
    await outage(entrance)
    for _ in range(5):
        with pytest.raises(UnavailableError) as refused:
            await counter.take(someone(on_loss=OnLoss.CLOSED))
        assert refused.value.facts["dependency"] == "quotas"
        assert refused.value.facts["retry_after"] == 5


@pytest.mark.parametrize("outage", OUTAGES)
async def test_an_outage_delays_only_the_calls_that_find_it(
    counter: SharedCounter, entrance: Door, outage: object
) -> None:
    assert callable(outage)
    await outage(entrance)
    await lose(counter)
    visits = entrance.visits
    for _ in range(200):
        assert at_once(counter.take(someone())) == 0
    assert entrance.visits == visits


def at_once(taking: Coroutine[Any, Any, float]) -> float:
    """Return what a call returns that waits for nothing."""
    with pytest.raises(StopIteration) as returned:
        taking.send(None)
    return float(returned.value.value)


async def test_many_calls_at_once_find_an_outage_together(entrance: Door) -> None:
    entrance.hole = True
    redis, take = Redis(host="127.0.0.1", port=entrance.port, timeout_s=PATIENCE_S), someone(50)
    started = time.perf_counter()
    async with shared_counter(redis) as counter:
        found = await asyncio.gather(*(counter.take(take) for _ in range(200)))
    assert found.count(0.0) == 50
    assert time.perf_counter() - started < 200 * PATIENCE_S / 4  # one after another: fifty seconds


async def test_an_outage_raises_one_alarm_and_its_end_is_told(
    counter: SharedCounter, entrance: Door, seconds: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "eva.quotas")
    entrance.hole = True
    for _ in range(10):
        await counter.take(someone())
    assert [one.levelname for one in caplog.records] == ["CRITICAL"]
    entrance.hole = False
    await recover(counter, seconds)
    assert [one.levelname for one in caplog.records] == ["CRITICAL", "WARNING"]
    assert "back" in caplog.text


async def recover(counter: SharedCounter, seconds: Clock) -> None:
    """Ask now and then until Redis counts again, however long its answers take from now on."""
    counter._deadline_s = 60
    for _ in range(50):
        seconds.now += 6
        lost = counter.lost
        await counter.take(someone())
        if counter.lost == lost:
            return
    raise AssertionError("Redis is not found again")


@pytest.mark.parametrize("outage", OUTAGES)
async def test_redis_counts_again_when_it_is_back(
    counter: SharedCounter, entrance: Door, seconds: Clock, outage: object
) -> None:
    assert callable(outage)
    take = someone(limit=3)
    assert await counter.take(take) == 0
    await outage(entrance)
    await lose(counter)
    if outage is gone:
        await entrance.open()
    entrance.hole, entrance.delay_s = False, 0.0
    await recover(counter, seconds)
    found = [await counter.take(take) for _ in range(4)]
    assert found.count(0.0) == 2  # what was counted before the outage is remembered


async def test_redis_that_was_never_there_stops_no_one() -> None:
    async with shared_counter(Redis(host="127.0.0.1", port=1)) as counter:
        take = someone(limit=4)
        assert [await counter.take(take) for _ in range(9)].count(0.0) == 4


def test_one_call_at_a_time_tries_again(seconds: Clock) -> None:
    breaker = Breaker(seconds)
    assert [breaker.failed() for _ in range(4)] == [False, False, True, False]
    assert not breaker.lets_pass()
    seconds.now += 6
    assert [breaker.lets_pass() for _ in range(3)] == [True, False, False]
    breaker.failed()
    assert not breaker.lets_pass()
    seconds.now += 6
    assert breaker.lets_pass()
    assert breaker.succeeded()
    assert all(breaker.lets_pass() for _ in range(3))


def test_no_question_to_redis_takes_longer_than_fifty_milliseconds() -> None:
    assert Redis(host="127.0.0.1").timeout_s <= 0.05


def test_a_password_is_not_in_the_address() -> None:
    redis = Redis(host="cache", port=6380, password="swordfish", database=2, tls=True)
    assert redis.address == "rediss://cache:6380/2"
