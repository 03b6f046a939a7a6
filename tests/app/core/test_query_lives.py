"""Queries that are cancelled, given up, followed."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from app.core import events, queries
from app.core.access import Principal
from app.core.errors import (
    ConflictError,
    QueryFailedError,
)
from app.core.live import Event, Live
from app.core.models import FailureReason, Lease, Query, QueryStatus, Stored
from app.core.ports import Found, PassageIndex, Ports
from app.core.responding import give_up, respond
from tests.app.core import acting

QUESTION = "How long is a passport valid?"


class SlowIndex:
    """The index, which answers when it may."""

    def __init__(self, index: PassageIndex) -> None:
        self._index = index
        self.asked, self.may_answer = asyncio.Event(), asyncio.Event()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._index, name)

    async def search(self, *place: Any, **wanted: Any) -> Found:
        self.asked.set()
        await self.may_answer.wait()
        return await self._index.search(*place, **wanted)


async def accepted_here(ports: Ports, principal: Principal) -> tuple[Stored[Query], Lease]:
    """Ask, in a process that answers itself; return the query and the lease to answer it under."""
    asked = queries.Asked(space_ids=(await acting.space(ports, principal),), question=QUESTION)
    accepted = await queries.ask(ports, principal, asked, here=True)
    assert accepted.lease is not None
    return accepted.query, accepted.lease


async def told(
    ports: Ports, live: Live, principal: Principal, query_id: str, *, after: int = 0
) -> list[Event]:
    return [e async for e in events.follow(ports, live, principal, query_id, after=after)]


async def test_a_cancelled_query_is_not_answered(ports: Ports, alice: Principal) -> None:
    live = Live()
    space_id = await acting.space(ports, alice)
    asked = queries.Asked(space_ids=(space_id,), question=QUESTION)
    accepted = await queries.ask(ports, alice, asked)
    query_id = accepted.query.value.id
    await queries.cancel(ports, live, alice, query_id)
    assert await acting.work(ports, live) == 1
    found = (await queries.get(ports, alice, query_id)).value
    assert (found.status, found.answer) == (QueryStatus.CANCELLED, None)
    with pytest.raises(QueryFailedError) as refused:
        await queries.result(ports, alice, query_id)
    assert refused.value.facts == {"reason": "cancelled"}


async def test_a_query_cancelled_while_it_is_answered_stays_cancelled(
    ports: Ports, alice: Principal
) -> None:
    live, index = Live(), SlowIndex(ports.index)
    query, lease = await accepted_here(ports, alice)
    slow = replace(ports, index=index)
    running = asyncio.create_task(respond(slow, live, lease))
    await index.asked.wait()
    await queries.cancel(ports, live, alice, query.value.id)
    index.may_answer.set()
    await running
    found = await queries.get(ports, alice, query.value.id)
    assert found.value.status is QueryStatus.CANCELLED
    assert await ports.jobs.depth() == {"waiting": 0, "running": 0, "dead": 0, "oldest_s": 0}


async def test_a_query_cancelled_elsewhere_after_it_was_accepted_here_stays_cancelled(
    ports: Ports, alice: Principal
) -> None:
    live, elsewhere = Live(), Live()
    query, lease = await accepted_here(ports, alice)
    live.open(query.value.id, query)
    await queries.cancel(ports, elsewhere, alice, query.value.id)
    await respond(ports, live, lease)
    found = await queries.get(ports, alice, query.value.id)
    assert (found.value.status, found.value.answer) == (QueryStatus.CANCELLED, None)
    assert await ports.jobs.depth() == {"waiting": 0, "running": 0, "dead": 0, "oldest_s": 0}


async def test_a_query_accepted_here_is_answered_as_it_was_stored(
    ports: Ports, alice: Principal
) -> None:
    live = Live()
    query, lease = await accepted_here(ports, alice)
    live.open(query.value.id, query)
    assert live.accepted(query.value.id) == query
    await respond(ports, live, lease)
    assert live.accepted(query.value.id) is None
    found = await queries.get(ports, alice, query.value.id)
    assert found.value.status is QueryStatus.COMPLETED


async def test_a_query_that_has_ended_is_not_cancelled(ports: Ports, alice: Principal) -> None:
    space_id = await acting.space(ports, alice)
    query = await acting.ask(ports, alice, [space_id], QUESTION)
    with pytest.raises(ConflictError, match="completed"):
        await queries.cancel(ports, Live(), alice, query.id)


async def test_live_events_and_rebuilt_ones_are_the_same(ports: Ports, alice: Principal) -> None:
    live = Live()
    space_id = await acting.space(ports, alice)
    await acting.upload(ports, alice, space_id, acting.PASSPORT)
    asked = queries.Asked(space_ids=(space_id,), question="What is the fee for a passport?")
    accepted = await queries.ask(ports, alice, asked, here=True)
    query_id = accepted.query.value.id
    assert accepted.lease is not None
    live.open(query_id)
    listening = asyncio.create_task(told(ports, live, alice, query_id))
    await asyncio.sleep(0)
    await respond(ports, live, accepted.lease)
    heard = await listening
    assert heard == await told(ports, live, alice, query_id)
    assert [e.name for e in heard][:2] == ["status", "passages"]
    assert [e.number for e in heard] == list(range(1, len(heard) + 1))
    assert heard[-1].name == "done"
    assert await told(ports, live, alice, query_id, after=3) == heard[3:]


async def test_who_saw_more_events_than_are_left_still_gets_the_last_one(
    ports: Ports, alice: Principal
) -> None:
    live = Live()
    space_id = await acting.space(ports, alice)
    query = await acting.ask(ports, alice, [space_id], QUESTION)
    [last] = await told(ports, live, alice, query.id, after=40)
    assert (last.number, last.name) == (41, "done")


async def test_a_query_given_up_ends_with_an_error_event(ports: Ports, alice: Principal) -> None:
    live = Live()
    space_id = await acting.space(ports, alice)
    asked = queries.Asked(space_ids=(space_id,), question=QUESTION)
    accepted = await queries.ask(ports, alice, asked, here=True)
    assert accepted.lease is not None
    await give_up(ports, live, accepted.lease)
    query = (await queries.get(ports, alice, accepted.query.value.id)).value
    assert (query.status, query.reason) == (QueryStatus.FAILED, FailureReason.EXHAUSTED)
    *_, last = await told(ports, live, alice, query.id)
    assert (last.name, last.data["reason"]) == ("error", "attempts-exhausted")
