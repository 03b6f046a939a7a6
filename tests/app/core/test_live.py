"""Events of running queries reach every listener once and in order."""

import asyncio

from app.core.live import Event, Live


async def collect(live: Live, query_id: str, *, after: int = 0) -> list[Event]:
    return [event async for event in live.follow(query_id, after=after)]


async def test_a_late_listener_hears_everything_from_the_start() -> None:
    live = Live()
    live.open("q")
    live.tell("q", "status", {"a": 1})
    listening = asyncio.create_task(collect(live, "q"))
    await asyncio.sleep(0)
    live.tell("q", "done", {"b": 2})
    live.close("q")
    assert await listening == [Event(1, "status", {"a": 1}), Event(2, "done", {"b": 2})]


async def test_a_resuming_listener_gets_only_what_is_behind_the_last_number() -> None:
    live = Live()
    live.open("q")
    for name in ("status", "passages", "sentence"):
        live.tell("q", name, {})
    listening = asyncio.create_task(collect(live, "q", after=2))
    await asyncio.sleep(0)
    live.close("q")
    assert [event.number for event in await listening] == [3]


async def test_two_listeners_hear_the_same() -> None:
    live = Live()
    live.open("q")
    both = [asyncio.create_task(collect(live, "q")) for _ in range(2)]
    for number in range(50):
        live.tell("q", "sentence", {"n": number})
        await asyncio.sleep(0)
    live.close("q")
    first, second = await asyncio.gather(*both)
    assert first == second
    assert [event.number for event in first] == list(range(1, 51))


async def test_following_a_query_that_does_not_run_here_ends_at_once() -> None:
    assert await collect(Live(), "absent") == []


async def test_a_query_is_heard_only_while_somebody_listens() -> None:
    live = Live()
    live.open("q")
    assert not live.heard("q")
    listening = asyncio.create_task(collect(live, "q"))
    await asyncio.sleep(0)
    assert live.heard("q")
    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)
    assert not live.heard("q")


async def test_a_finished_query_releases_who_waits_for_it() -> None:
    live = Live()
    live.open("q")
    waiting = asyncio.create_task(live.finished("q"))
    await asyncio.sleep(0)
    assert not waiting.done()
    live.close("q")
    await asyncio.wait_for(waiting, 60)
    assert not live.runs("q")


async def test_a_channel_opened_before_the_work_begins_keeps_its_listeners() -> None:
    live = Live()
    live.open("q")
    listening = asyncio.create_task(collect(live, "q"))
    await asyncio.sleep(0)
    live.open("q")
    live.tell("q", "status", {})
    live.close("q")
    assert [event.name for event in await listening] == ["status"]


async def test_beginning_again_ends_who_followed_the_first_try() -> None:
    live = Live()
    live.open("q")
    live.tell("q", "status", {"try": 1})
    first = asyncio.create_task(collect(live, "q"))
    await asyncio.sleep(0)
    live.open("q")
    assert [event.data for event in await first] == [{"try": 1}]
    second = asyncio.create_task(collect(live, "q"))
    await asyncio.sleep(0)
    live.tell("q", "status", {"try": 2})
    live.close("q")
    assert [event.data for event in await second] == [{"try": 2}]


async def test_what_runs_is_not_begun_again() -> None:
    async def work() -> None:
        live.tell("q", "status", {})

    live = Live()
    begun = live.begin("q", work())
    assert begun is not None
    assert live.begin("q", work()) is None
    listening = asyncio.create_task(collect(live, "q"))
    await begun
    live.close("q")
    assert [event.name for event in await listening] == ["status"]
