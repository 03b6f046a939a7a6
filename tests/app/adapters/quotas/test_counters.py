import asyncio
import math
import secrets
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from redis.asyncio import Redis as Client

from app.adapters.quotas import Redis, local_counter, shared_counter
from app.adapters.quotas.sliding import Seen
from app.core.quotas import WINDOW_S, Counter, Take
from tests.clock import Clock


def someone(limit: int = 10, cost: int = 1) -> Take:
    return Take(secrets.token_hex(8), limit, cost)


async def taken(counter: Counter, take: Take, times: int) -> int:
    return [await counter.take(take) for _ in range(times)].count(0.0)


async def test_no_more_than_the_limit_is_given(counter: Counter) -> None:
    assert await taken(counter, someone(limit=10), 13) == 10


async def test_no_more_than_the_limit_is_given_to_many_who_ask_at_once(counter: Counter) -> None:
    take = someone(limit=100)
    found = await asyncio.gather(*(counter.take(take) for _ in range(300)))
    assert found.count(0.0) == 100


async def test_a_cost_is_taken_whole_or_not_at_all(counter: Counter) -> None:
    take = someone(limit=10, cost=4)
    assert await taken(counter, take, 4) == 2
    assert await taken(counter, Take(take.key, 10, 1), 4) == 2


async def test_a_cost_above_the_limit_is_never_given(counter: Counter) -> None:
    assert await counter.take(someone(limit=3, cost=4)) == WINDOW_S


async def test_one_who_asks_too_much_takes_nothing_from_another(counter: Counter) -> None:
    greedy, modest = someone(limit=2), someone(limit=2)
    assert await taken(counter, greedy, 20) == 2
    assert await taken(counter, modest, 2) == 2


async def test_a_refusal_says_when_the_cost_fits(counter: Counter) -> None:
    take = someone(limit=2)
    await taken(counter, take, 2)
    assert 0 < await counter.take(take) <= 2 * WINDOW_S


async def test_looking_takes_nothing(counter: Counter) -> None:
    take = someone(limit=5)
    assert (await counter.left(take))[0] == 5
    await counter.take(take)
    for _ in range(9):
        left, reset_s = await counter.left(take)
        assert left == 4
        assert 0 <= reset_s <= 2 * WINDOW_S


async def test_two_processes_share_what_is_counted_in_redis(redis_port: int) -> None:
    redis = Redis(host="127.0.0.1", port=redis_port, timeout_s=60)
    take = someone(limit=50)
    async with shared_counter(redis) as one, shared_counter(redis) as other:
        asked = [who.take(take) for who in (one, other) for _ in range(40)]
        assert (await asyncio.gather(*asked)).count(0.0) == 50


async def test_the_wait_that_is_told_is_enough_and_not_too_long(clock: Clock) -> None:
    counter = local_counter()
    take = someone(limit=60, cost=5)
    for _ in range(40):
        clock.now += 0.7
        wait = await counter.take(take)
        if wait:
            clock.now += wait - 0.01
            assert await counter.take(take) > 0
            clock.now += 0.02
            assert await counter.take(take) == 0


@given(
    before=st.integers(0, 200),
    now=st.integers(0, 100),
    passed=st.floats(0, WINDOW_S, exclude_max=True),
    cost=st.integers(1, 120),
)
def test_a_wait_is_finite_and_at_most_two_windows(
    before: int, now: int, passed: float, cost: int
) -> None:
    found = Seen(before, WINDOW_S - passed, now, 2 * WINDOW_S - passed).wait_s(Take("k", 100, cost))
    assert math.isfinite(found)
    assert 0 <= found <= 2 * WINDOW_S


async def test_a_clock_that_is_set_back_locks_nobody_out(clock: Clock) -> None:
    counter = local_counter()
    take = someone(limit=5)
    assert await taken(counter, take, 6) == 5
    clock.now -= 3 * 3600
    assert await taken(counter, take, 6) == 5


async def test_a_clock_that_leaps_gives_at_most_one_more_window(clock: Clock) -> None:
    counter = local_counter()
    take = someone(limit=5)
    assert await taken(counter, take, 6) == 5
    clock.now += 86400
    assert await taken(counter, take, 60) == 5


async def test_what_is_over_is_forgotten(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    counter = local_counter()
    for _ in range(1000):
        await counter.take(someone())
    assert len(counter._counts) == 1000
    clock.now += 3 * WINDOW_S
    later = time.monotonic() + 60
    monkeypatch.setattr(time, "monotonic", lambda: later)
    await counter.take(someone())
    assert len(counter._counts) == 1


async def test_several_are_taken_together_or_none_of_them(counter: Counter) -> None:
    wide, narrow = someone(limit=10), someone(limit=2)
    assert [await counter.take(wide, narrow) for _ in range(2)] == [0.0, 0.0]
    for _ in range(5):
        assert await counter.take(wide, narrow) > 0
        assert await counter.take(narrow, wide) > 0
    assert (await counter.left(wide))[0] == 8
    assert (await counter.left(narrow))[0] == 0
    assert await counter.take(wide) == 0


async def test_many_who_take_several_at_once_get_no_more_than_the_least_limit(
    counter: Counter,
) -> None:
    wide, narrow = someone(limit=100), someone(limit=30)
    found = await asyncio.gather(*(counter.take(wide, narrow) for _ in range(90)))
    assert found.count(0.0) == 30
    assert (await counter.left(wide))[0] == 70


async def test_redis_is_asked_once_however_much_is_taken(redis_port: int) -> None:
    redis = Redis(host="127.0.0.1", port=redis_port, timeout_s=60)
    async with Client(host="127.0.0.1", port=redis_port) as watching, shared_counter(redis) as one:
        await one.take(someone(), someone())  # the script is known from now on
        before = (await watching.info("commandstats"))["cmdstat_evalsha"]["calls"]
        await one.take(someone(), someone())
        after = (await watching.info("commandstats"))["cmdstat_evalsha"]["calls"]
    assert after - before == 1


async def test_windows_in_redis_end(redis_port: int) -> None:
    redis, take = Redis(host="127.0.0.1", port=redis_port, timeout_s=60), someone()
    async with Client(host="127.0.0.1", port=redis_port) as watching, shared_counter(redis) as one:
        for _ in range(2):
            await one.take(take)
            assert 0 < await watching.pttl(f"eva:{take.key}/this") <= 2 * WINDOW_S * 1000
        await watching.pexpire(f"eva:{take.key}/this", WINDOW_S * 1000 - 1)
        assert (await one.left(take))[0] == 9  # a little less than two is seen of the last
        assert await watching.get(f"eva:{take.key}/last") == b"2"
        assert 0 < await watching.pttl(f"eva:{take.key}/last") < WINDOW_S * 1000


async def test_counting_in_memory_starts_no_tasks() -> None:
    before = asyncio.all_tasks()
    await local_counter().take(someone())
    assert asyncio.all_tasks() == before
