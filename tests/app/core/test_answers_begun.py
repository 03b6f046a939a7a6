"""A model's work that begins before its question is accepted, for who waits and who listens.

For who waits there is one commit if it ends in time; else, and for who listens, the job goes on
with what was begun.
"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest

from app.core import queries, spaces
from app.core.access import Principal
from app.core.answering import ExtractiveComposer
from app.core.errors import NotFoundError, UnavailableError
from app.core.kinds import QUERIES
from app.core.live import Event, Live
from app.core.models import Partition, Query
from app.core.ports import Claim, Found, Material, Ports, Spent
from app.core.responding import at_once, beginning
from app.core.work import LEASE_S
from app.worker import handlers
from tests.app.core import acting

QUESTION = "What is the fee for a passport?"
EVENTS = ["status", "passages", "sentence", "done"]


@dataclass
class Model:
    """Writes what the sources say, once it may; tells how often it began, and was stopped."""

    composer: ExtractiveComposer
    may: asyncio.Event = field(default_factory=asyncio.Event)
    began: asyncio.Event = field(default_factory=asyncio.Event)
    begun: int = 0
    stopped: int = 0
    name: str = "model"

    async def compose(self, material: Material) -> AsyncIterator[Claim | Spent]:
        self.begun += 1
        self.began.set()
        try:
            await self.may.wait()
        except asyncio.CancelledError:
            self.stopped += 1
            raise
        async for claim in self.composer.compose(material):
            yield claim
        yield Spent(prompt_tokens=7, completion_tokens=2)


class Down:
    """An index that can't be searched."""

    async def search(self, *_: object, **__: object) -> Found:
        raise UnavailableError(dependency="index", retry_after=1)


@dataclass
class Desk:
    """A question about a space that holds its answer, and a model to answer it."""

    ports: Ports
    model: Model
    principal: Principal
    query: Query
    live: Live = field(default_factory=Live)

    async def wait(self, seconds: float) -> object:
        return await at_once(self.ports, self.live, self.principal, self.query, seconds)

    async def accept(self) -> asyncio.Task[object]:
        """Accept the question, as who waited too long is told, and begin with its job."""
        accepted = await queries.accept(self.ports, self.query, here=True)
        assert accepted.lease is not None
        self.live.open(self.query.id, accepted.query)
        do = handlers(self.live)[accepted.lease.job.kind].do
        return asyncio.ensure_future(do(self.ports, accepted.lease))

    async def kept(self) -> int:
        place = Partition(self.principal.tenant_id, self.query.space_ids[0])
        return await self.ports.records.count(QUERIES, place)


@pytest.fixture
async def desk(ports: Ports, alice: Principal) -> Desk:
    space_id = await acting.space(ports, alice)
    await acting.upload(ports, alice, space_id, acting.PASSPORT)
    asked = queries.Asked(space_ids=(space_id,), question=QUESTION)
    query = await queries.prepare(ports, alice, asked)
    assert isinstance(query, Query)
    model = Model(ExtractiveComposer(ports.analyzer))
    return Desk(replace(ports, composer=model), model, alice, query)


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
    await asyncio.sleep(0.01)
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
    accepted = await queries.accept(desk.ports, replace(desk.query, created_at=long_ago), here=True)
    assert accepted.lease is not None
    assert accepted.lease.expires_at > datetime.now(UTC) + timedelta(seconds=LEASE_S - 5)


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


async def turned_away(desk: Desk, *, made: bool) -> None:
    """Begin a question that is not accepted, because its records are down."""
    async with beginning(desk.ports, desk.live, desk.query):
        await desk.model.began.wait()
        if made:
            desk.model.may.set()
            work = desk.live.begun(desk.query.id)
            assert work is not None
            await work
        raise UnavailableError(dependency="records", retry_after=1)


async def test_a_question_that_can_not_be_accepted_stops_the_model(desk: Desk) -> None:
    with pytest.raises(UnavailableError, match="records"):
        await turned_away(desk, made=False)
    await asyncio.sleep(0.01)
    assert (desk.model.begun, desk.model.stopped) == (1, 1)
    assert not desk.live.runs(desk.query.id)
    assert await desk.kept() == 0
    assert (await desk.ports.jobs.depth())["running"] == 0


async def test_what_was_spent_on_a_question_that_was_not_accepted_is_counted(desk: Desk) -> None:
    with pytest.raises(UnavailableError, match="records"):
        await turned_away(desk, made=True)
    day = f"{datetime.now(UTC):%Y-%m-%d}"
    rows = await desk.ports.meter.between(desk.principal.tenant_id, day, day)
    assert sum(row.prompt_tokens for row in rows) == 7
    assert sum(row.completion_tokens for row in rows) == 2


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
