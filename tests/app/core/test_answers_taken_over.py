"""Two requests under one Idempotency-Key, one of which took over from the other while it lived."""

import asyncio

import pytest

from app.core import queries
from app.core.errors import UnavailableError
from app.core.live import Event
from app.core.responding import beginning
from tests.app.core.desk import Desk, turned_away
from tests.app.core.test_answers_begun import EVENTS


async def heard(desk: Desk) -> list[Event]:
    return [event async for event in desk.live.follow(desk.query.id)]


async def test_one_work_is_begun_and_both_hear_each_event_of_it_once(desk: Desk) -> None:
    async with beginning(desk.ports, desk.live, desk.query):
        await desk.model.began.wait()
        async with beginning(desk.ports, desk.live, desk.query):
            working = await desk.accept()
        second = await queries.accept(desk.ports, desk.query, here=True)
    assert (second.query.value.id, second.lease) == (desk.query.id, None)
    both = [asyncio.create_task(heard(desk)) for _ in range(2)]
    await asyncio.sleep(0)
    desk.model.may.set()
    await working
    for told in await asyncio.gather(*both):
        assert [(event.number, event.name) for event in told] == list(enumerate(EVENTS, 1))
    assert desk.model.begun == 1
    assert (await desk.ports.jobs.depth())["running"] == 0


async def test_who_took_over_and_fails_leaves_the_other_its_work(desk: Desk) -> None:
    async with beginning(desk.ports, desk.live, desk.query):
        await desk.model.began.wait()
        with pytest.raises(UnavailableError, match="records"):
            await turned_away(desk, made=False)
        working = await desk.accept()
    desk.model.may.set()
    await working
    assert (await queries.result(desk.ports, desk.principal, desk.query.id)).value.answer
    assert (desk.model.begun, desk.model.stopped) == (1, 0)


async def test_who_waits_finds_the_question_as_the_other_accepted_it(desk: Desk) -> None:
    waiting = asyncio.create_task(desk.wait(20))
    await desk.model.began.wait()
    assert await desk.wait(20) is None
    working = await desk.accept()
    await asyncio.sleep(0)
    desk.model.may.set()
    assert await waiting is None
    await working
    found = await queries.accept(desk.ports, desk.query, here=True)
    assert found.query == await queries.result(desk.ports, desk.principal, desk.query.id)
    assert (desk.model.begun, await desk.kept()) == (1, 1)
