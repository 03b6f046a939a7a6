"""A model's work that begins before its question is accepted, for who waits and who listens.

For who waits there is one commit if it ends in time; else, and for who listens, the job goes on
with what was begun.
"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from app.core import queries, spaces
from app.core.errors import NotFoundError, UnavailableError
from app.core.live import Event, Live
from app.core.ports import Found
from app.core.responding import beginning
from app.core.work import LEASE_S
from app.worker import handlers
from tests.app.core.desk import Desk, stopped, turned_away

EVENTS = ["status", "passages", "sentence", "done"]


class Down:
    """An index that can't be searched."""

    async def search(self, *_: object, **__: object) -> Found:
        raise UnavailableError(dependency="index", retry_after=1)


async def test_an_answer_in_time_is_kept_with_its_question_and_has_no_job(desk: Desk) -> None:
    desk.model.may.set()
    found = await desk.wait(20)
    assert found == await queries.result(desk.ports, desk.principal, desk.query.id)
    assert (await desk.ports.jobs.depth())["running"] == 0
    assert not desk.live.runs(desk.query.id)
    assert desk.model.begun == 1


async def test_nothing_is_kept_before_the_answer_is_made(desk: Desk) -> None:
    waiting = asyncio.create_task(desk.wait(20))
    await desk.model.began.wait()
    assert await desk.kept() == 0
    desk.model.may.set()
    await waiting
    assert await desk.kept() == 1


async def test_a_job_goes_on_with_what_was_begun_and_listeners_hear_it_all(desk: Desk) -> None:
    with desk.live.beginning(desk.query.id):
        assert await desk.wait(0.05) is None
        working = await desk.accept()
    listened = [event async for event in _released(desk)]
    assert [event.name for event in listened] == EVENTS
    assert [event.number for event in listened] == [1, 2, 3, 4]
    await working
    found = await queries.result(desk.ports, desk.principal, desk.query.id)
    assert found.value.answer is not None
    assert desk.model.begun == 1
    assert (await desk.ports.jobs.depth())["running"] == 0


async def _released(desk: Desk) -> AsyncIterator[Event]:
    async for event in desk.live.follow(desk.query.id):
        yield event
        desk.model.may.set()


async def test_a_query_that_is_cancelled_after_its_wait_gets_no_answer(desk: Desk) -> None:
    with desk.live.beginning(desk.query.id):
        await desk.wait(0.05)
        working = await desk.accept()
    await queries.cancel(desk.ports, desk.live, desk.principal, desk.query.id)
    desk.model.may.set()
    await working
    found = await queries.get(desk.ports, desk.principal, desk.query.id)
    assert found.value.answer is None
    assert (await desk.ports.jobs.depth())["running"] == 0


async def test_work_for_who_was_never_told_of_it_is_stopped(desk: Desk) -> None:
    with desk.live.beginning(desk.query.id):
        assert await desk.wait(0.05) is None
        await desk.model.began.wait()
    await stopped()
    assert (desk.model.begun, desk.model.stopped) == (1, 1)
    assert not desk.live.runs(desk.query.id)
    assert await desk.kept() == 0


async def test_what_fails_at_first_is_left_to_the_job(desk: Desk) -> None:
    up, desk.ports = desk.ports, replace(desk.ports, index=Down())  # type: ignore[arg-type]
    with desk.live.beginning(desk.query.id):
        assert await desk.wait(20) is None
        assert await desk.kept() == 0
        desk.ports = up
        desk.model.may.set()
        await (await desk.accept())
    found = await queries.result(desk.ports, desk.principal, desk.query.id)
    assert found.value.answer is not None


async def test_nothing_is_left_in_a_space_that_was_deleted_during_the_wait(desk: Desk) -> None:
    waiting = asyncio.create_task(desk.wait(20))
    await desk.model.began.wait()
    await spaces.delete(desk.ports, desk.principal, desk.query.space_ids[0])
    desk.model.may.set()
    with pytest.raises(NotFoundError):
        await waiting
    assert await desk.kept() == 0


async def test_a_lease_lasts_from_when_the_question_is_accepted(desk: Desk) -> None:
    long_ago = datetime.now(UTC) - timedelta(minutes=1)
    before = datetime.now(UTC)
    accepted = await queries.accept(desk.ports, replace(desk.query, created_at=long_ago), here=True)
    assert accepted.lease is not None
    assert accepted.lease.expires_at >= before + timedelta(seconds=LEASE_S)


async def test_for_who_listens_a_model_is_asked_before_the_question_is_kept(desk: Desk) -> None:
    async with beginning(desk.ports, desk.live, desk.query):
        await desk.model.began.wait()
        assert await desk.kept() == 0
        working = await desk.accept()
    listened = [event async for event in _released(desk)]
    assert [(event.number, event.name) for event in listened] == list(enumerate(EVENTS, 1))
    await working
    found = await queries.result(desk.ports, desk.principal, desk.query.id)
    assert found.value.answer is not None
    assert desk.model.begun == 1


async def test_a_question_that_can_not_be_accepted_stops_the_model(desk: Desk) -> None:
    with pytest.raises(UnavailableError, match="records"):
        await turned_away(desk, made=False)
    await stopped()
    assert (desk.model.begun, desk.model.stopped) == (1, 1)
    assert not desk.live.runs(desk.query.id)
    assert await desk.kept() == 0
    assert (await desk.ports.jobs.depth())["running"] == 0


async def test_who_takes_over_answers_what_was_accepted_and_not_answered(desk: Desk) -> None:
    async with beginning(desk.ports, desk.live, desk.query):
        await desk.model.began.wait()
        accepted = await queries.accept(desk.ports, desk.query, here=True)
    assert accepted.lease is not None  # and here the process dies: what it had begun is gone
    assert not desk.live.runs(desk.query.id)
    desk.model.may.set()
    await handlers(Live())[accepted.lease.job.kind].do(desk.ports, accepted.lease)
    found = await queries.result(desk.ports, desk.principal, desk.query.id)
    assert found.value.answer is not None
