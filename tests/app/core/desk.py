"""A question about a space that holds its answer, and a model that writes it once it may."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace

from app.core import queries
from app.core.access import Principal
from app.core.answering import ExtractiveComposer
from app.core.errors import UnavailableError
from app.core.kinds import QUERIES
from app.core.live import Live
from app.core.models import Partition, Query
from app.core.ports import Claim, Material, Ports, Spent
from app.core.responding import at_once, beginning
from app.worker import handlers
from tests.app.core import acting

QUESTION = "What is the fee for a passport?"


@dataclass
class Model:
    """Writes what the sources say, once it may; tells how often it began, and was stopped.

    What it read is known at once, what it wrote at the end.
    """

    composer: ExtractiveComposer
    may: asyncio.Event = field(default_factory=asyncio.Event)
    began: asyncio.Event = field(default_factory=asyncio.Event)
    begun: int = 0
    stopped: int = 0
    name: str = "model"

    async def compose(self, material: Material) -> AsyncIterator[Claim | Spent]:
        self.begun += 1
        self.began.set()
        yield Spent(prompt_tokens=7, completion_tokens=0, estimated=True)
        try:
            await self.may.wait()
        except asyncio.CancelledError:
            self.stopped += 1
            raise
        async for claim in self.composer.compose(material):
            yield claim
        yield Spent(prompt_tokens=7, completion_tokens=2)


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


async def opened(ports: Ports, principal: Principal) -> Desk:
    space_id = await acting.space(ports, principal)
    await acting.upload(ports, principal, space_id, acting.PASSPORT)
    asked = queries.Asked(space_ids=(space_id,), question=QUESTION)
    query = await queries.prepare(ports, principal, asked)
    assert isinstance(query, Query)
    model = Model(ExtractiveComposer(ports.analyzer))
    return Desk(replace(ports, composer=model), model, principal, query)


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


async def stopped() -> None:
    """Return when nobody answers anything any more."""
    answering = [task for task in asyncio.all_tasks() if "_answered" in str(task.get_coro())]
    await asyncio.gather(*answering, return_exceptions=True)
