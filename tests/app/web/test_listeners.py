"""A query is cancelled for want of listeners, but only where all of them are counted."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import httpx2
import pytest

from app.core import queries
from app.core.access import Principal
from app.core.live import Live
from app.core.models import QueryStatus
from app.core.ports import Ports
from app.web.listeners import Listeners
from tests.app.core import acting
from tests.app.web.house import API, QUESTION, House, new_space, once
from tests.app.web.listening import Line, asked_then_heard


@pytest.mark.parametrize(
    ("grace_s", "status"), [(0.0, QueryStatus.CANCELLED), (None, QueryStatus.PENDING)]
)
async def test_who_left_may_have_resumed_at_another_process(
    ports: Ports, alice: Principal, grace_s: float | None, status: QueryStatus
) -> None:
    space_id = await acting.space(ports, alice)
    asked = queries.Asked(space_ids=(space_id,), question="How long is a passport valid?")
    query_id = (await queries.ask(ports, alice, asked)).query.value.id
    listeners = Listeners(ports, Live(), grace_s=grace_s)
    listeners.expect(query_id)
    with listeners.listening(alice, query_id):
        pass
    await asyncio.gather(*listeners._leaving)
    assert (await queries.get(ports, alice, query_id)).value.status is status
    await listeners.close()


class Grace:
    """The time that a listener has to come back: it is over when a test says so."""

    def __init__(self) -> None:
        self.over = asyncio.Event()
        self.seconds = list[float]()

    async def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)
        await self.over.wait()


@contextlib.asynccontextmanager
async def patient(idle: House, grace: Grace) -> AsyncIterator[House]:
    """The same service, with such a grace for those who leave."""
    services = idle.services
    listeners = Listeners(services.ports, services.live, grace_s=15.0, sleep=grace)
    try:
        yield idle.with_services(listeners=listeners)
    finally:
        await listeners.close()


async def asked_and_left(house: House, client: httpx2.AsyncClient) -> str:
    """Ask by a stream, leave it, and return where the query is."""
    space = await new_space(client)
    line = Line()
    asked = {"space_ids": [space], "question": QUESTION}
    call = line.calls(house, client, f"{API}/queries", asked)
    await line.until("still here")
    line.leave()
    await call
    [query] = (await client.get(f"{API}/queries?space_id={space}")).json()["items"]
    return f"{API}/queries/{query['id']}"


async def status(client: httpx2.AsyncClient, where: str) -> str:
    return str((await client.get(where)).json()["status"])


async def cancelled(client: httpx2.AsyncClient, where: str) -> None:
    """Return when the query is cancelled."""
    await once(client, where, lambda found: found["status"] == "cancelled")


async def test_a_query_whose_listener_left_is_cancelled_after_the_grace(idle: House) -> None:
    client = await idle.client()
    where = await asked_and_left(idle, client)
    await cancelled(client, where)
    assert await status(client, where) == "cancelled"


async def test_a_query_whose_listener_left_goes_on_until_the_grace_is_over(idle: House) -> None:
    grace = Grace()
    async with patient(idle, grace) as house:
        client = await house.client()
        where = await asked_and_left(house, client)
        assert (grace.seconds, await status(client, where)) == ([15.0], "pending")
        grace.over.set()
        await cancelled(client, where)


async def test_a_query_whose_listener_came_back_goes_on(idle: House) -> None:
    grace = Grace()
    async with patient(idle, grace) as house:
        client = await house.client()
        where = await asked_and_left(house, client)
        line = Line()
        call = line.calls(house, client, f"{where}/events", None)
        await line.until("still here")
        grace.over.set()
        await asyncio.gather(*house.services.listeners._leaving)
        assert await status(client, where) == "pending"
        line.leave()
        await call
        await cancelled(client, where)


async def test_a_query_that_was_not_asked_by_a_stream_outlives_its_listeners(
    idle: House,
) -> None:
    grace = Grace()
    async with patient(idle, grace) as house:
        client = await house.client()
        where, line, call = await asked_then_heard(house, client)
        line.leave()
        await call
        assert house.services.listeners._leaving == set(), "nothing waits to cancel it"
        assert await status(client, where) == "pending"


async def test_a_query_that_was_asked_twice_under_one_key_lives_until_both_have_left(
    ports: Ports, alice: Principal
) -> None:
    space_id = await acting.space(ports, alice)
    asked = queries.Asked(space_ids=(space_id,), question="How long is a passport valid?")
    query_id = (await queries.ask(ports, alice, asked)).query.value.id
    listeners = Listeners(ports, Live(), grace_s=0.0)
    listeners.expect(query_id)
    with listeners.listening(alice, query_id):
        listeners.expect(query_id)
        with listeners.listening(alice, query_id):
            pass
        assert not listeners._leaving
        assert (await queries.get(ports, alice, query_id)).value.status is QueryStatus.PENDING
    await asyncio.gather(*listeners._leaving)
    assert (await queries.get(ports, alice, query_id)).value.status is QueryStatus.CANCELLED
