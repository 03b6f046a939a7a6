"""What a caller gets from a dependency that is slow, throttled, wrong or gone."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Any

import pytest

from app.adapters.resilience import Guard, Limits, State, guarded
from app.adapters.resilience.breaker import Rules
from app.adapters.resilience.guard import Manner
from app.core import deadlines
from app.core.errors import NotFoundError, StorageFullError, UnavailableError
from app.core.ports import Ports
from tests.clock import Clock, leap

ONCE, AGAIN = Manner(), Manner(repeatable=True)
DOWN = UnavailableError(dependency="it", retry_after=1)
THROTTLED = UnavailableError(dependency="it", retry_after=0, outcome="throttled")


def guard(**limits: Any) -> Guard:
    """A guard that gives work a minute, and opens for one, if nothing else is said."""
    patient = {"timeout_s": 60.0, **limits}
    return Guard("it", Limits(**patient), Rules(calls=4, pause_s=60, longest_s=60))


class Doing:
    """Work that goes as told, one outcome a call, then well."""

    def __init__(self, *outcomes: Exception) -> None:
        self.outcomes = list(outcomes)
        self.calls = 0

    async def __call__(self) -> str:
        self.calls += 1
        if self.outcomes:
            raise self.outcomes.pop(0)
        return "done"


async def hanging() -> str:
    await asyncio.Event().wait()
    return "never"


async def refused(work: Callable[[], Any]) -> UnavailableError:
    with pytest.raises(UnavailableError) as caught:
        await work()
    return caught.value


async def test_what_may_be_repeated_is_and_the_caller_never_hears_of_the_failure() -> None:
    work = Doing(DOWN, DOWN)
    assert await guard().call(work, AGAIN) == "done"
    assert work.calls == 3


async def test_what_may_have_been_done_is_not_done_again() -> None:
    work = Doing(DOWN)
    await refused(lambda: guard().call(work, ONCE))
    assert work.calls == 1


async def test_what_was_throttled_was_not_done_and_is_repeated_after_the_time_asked_for() -> None:
    work = Doing(THROTTLED)
    assert await guard().call(work, ONCE) == "done"
    later = UnavailableError(dependency="it", retry_after=600, outcome="throttled")
    told = await refused(lambda: guard().call(Doing(later), ONCE))
    assert told is later, "ten minutes are more than a call may take"


async def test_attempts_end_and_the_last_failure_is_told() -> None:
    work = Doing(DOWN, DOWN, DOWN, DOWN)
    await refused(lambda: guard(attempts=3).call(work, AGAIN))
    assert work.calls == 3


async def test_a_full_disk_is_told_at_once_and_is_no_outage() -> None:
    one, full = guard(), StorageFullError(dependency="it", retry_after=60)
    for _ in range(20):
        work = Doing(full)
        assert await refused(lambda: one.call(work, AGAIN)) is full  # noqa: B023 - awaited here
        assert work.calls == 1
    assert one.breaker.state is State.CLOSED


async def test_a_call_that_hangs_ends_at_its_timeout_and_says_so() -> None:
    told = await refused(lambda: guard(timeout_s=0.02).call(hanging, ONCE))
    assert told.facts["outcome"] == "timeout"


async def test_what_took_its_time_is_not_done_again() -> None:
    work, calls = guard(timeout_s=0.02), 0

    async def counted() -> str:
        nonlocal calls
        calls += 1
        return await hanging()

    await refused(lambda: work.call(counted, AGAIN))
    assert calls == 1


async def test_what_can_be_done_without_is_not_waited_for_as_long_as_the_rest() -> None:
    told = await refused(lambda: guard(timeout_s=60, soon_s=0.02).call(hanging, Manner(soon=True)))
    assert told.facts["outcome"] == "timeout"


async def test_the_requests_deadline_ends_a_call_before_its_own_timeout() -> None:
    with deadlines.within(0.02):
        told = await refused(lambda: guard(timeout_s=60).call(hanging, AGAIN))
    assert told.facts["outcome"] == "timeout"


async def test_a_request_with_no_time_left_is_not_the_dependencys_fault() -> None:
    one = guard(timeout_s=60)
    with deadlines.within(0.0):
        for _ in range(20):
            await refused(lambda: one.call(hanging, ONCE))
    assert one.breaker.state is State.CLOSED


async def test_a_deadline_inside_another_one_can_only_be_earlier() -> None:
    assert deadlines.remaining() is None
    with deadlines.within(600):
        with deadlines.within(6000):
            assert 0 < (deadlines.remaining() or 0) <= 600
        with deadlines.within(0):
            assert deadlines.remaining() == 0
    assert deadlines.remaining() is None


async def test_what_is_down_is_soon_not_asked_any_more_and_found_again_when_it_is_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    one, work, clock = guard(), Doing(*[DOWN] * 4), Clock()
    monkeypatch.setattr(one.breaker, "_clock", clock)
    for _ in range(4):
        await refused(lambda: one.call(work, ONCE))
    assert one.breaker.state is State.OPEN
    told = await refused(lambda: one.call(work, ONCE))
    assert (told.facts["outcome"], work.calls) == ("rejected", 4)
    clock.now += 72  # chance makes a pause up to a fifth longer
    assert [await one.call(work, ONCE) for _ in range(2)] == ["done"] * 2
    assert one.breaker.admits() is not None
    assert one.breaker.retry_after_s == 0


async def test_an_error_that_nobody_foresaw_counts_as_a_failure_and_is_not_hidden() -> None:
    one = guard()
    for _ in range(4):
        with pytest.raises(ValueError, match="HTML where JSON"):
            await one.call(Doing(ValueError("HTML where JSON should be")), ONCE)
    assert one.breaker.state is State.OPEN


async def test_a_refusal_for_a_good_reason_is_no_failure() -> None:
    one = guard()
    for _ in range(20):
        with pytest.raises(NotFoundError):
            await one.call(Doing(NotFoundError()), AGAIN)
    assert one.breaker.state is State.CLOSED


async def test_no_more_calls_run_or_wait_than_there_is_room_for() -> None:
    one = guard(calls=2, waiting=1, wait_s=0.05, timeout_s=60)
    running = [asyncio.create_task(one.call(hanging, ONCE)) for _ in range(2)]
    await asyncio.sleep(0)
    waiting = asyncio.create_task(one.call(hanging, ONCE))
    await asyncio.sleep(0)
    assert (await refused(lambda: one.call(hanging, ONCE))).facts["outcome"] == "rejected"
    assert (await refused(lambda: waiting)).facts["outcome"] == "rejected", "waited long enough"
    for task in running:
        task.cancel()
    await asyncio.gather(*running, return_exceptions=True)
    assert await one.call(Doing(), ONCE) == "done"
    assert one.breaker.state is State.CLOSED, "what callers gave up proves nothing"


async def test_a_stream_may_take_long_but_not_stand_still() -> None:
    one = guard(timeout_s=600)

    async def steady() -> AsyncIterator[int]:
        for n in range(5):
            leap(250)  # longer in all than one item may take
            await asyncio.sleep(0)
            yield n

    async def stuck() -> AsyncIterator[int]:
        yield 1
        await asyncio.Event().wait()

    assert [n async for n in one.stream(steady, ONCE)] == [0, 1, 2, 3, 4]
    stream = one.stream(stuck, ONCE)
    assert await anext(stream) == 1
    waiting = asyncio.ensure_future(refused(lambda: anext(stream)))
    await asyncio.sleep(0)
    leap(600)
    assert (await waiting).facts["outcome"] == "timeout"


async def test_a_reader_that_leaves_a_stream_closes_it_and_frees_its_place() -> None:
    one, closed = guard(calls=1, waiting=0), asyncio.Event()

    async def endless() -> AsyncIterator[int]:
        try:
            while True:
                yield 1
        finally:
            closed.set()

    stream = one.stream(endless, ONCE)
    assert await anext(stream) == 1
    await stream.aclose()  # type: ignore[attr-defined]
    assert closed.is_set()
    assert await one.call(Doing(), ONCE) == "done"


async def test_guarded_ports_do_what_the_ports_do_until_their_dependency_is_down(
    ports: Ports,
) -> None:
    one = guard()
    behind = guarded(ports, {"records": one, "keys": one, "blobs": guard()})
    assert behind.index is ports.index, "what has no guard is untouched"
    assert await behind.records.tenants() == await ports.records.tenants()
    assert await behind.keys.find_key("key_absent") is None
    await behind.records.ping()

    class Gone:
        async def ping(self) -> None:
            raise DOWN

    broken: Any = Gone()
    lost = guarded(replace(ports, records=broken), {"records": one})
    for _ in range(10):
        await refused(lost.records.ping)
    assert (await refused(lost.records.ping)).facts["outcome"] == "rejected"
    assert (await refused(lambda: behind.keys.find_key("key_x"))).facts["dependency"] == "it"
