"""Who waits for an answer that a model writes, and who listens to it."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import httpx2

from app.core.answering import ExtractiveComposer
from app.core.errors import UnavailableError
from app.core.kinds import QUERIES, SPACES
from app.core.models import DEFAULT_TENANT
from app.core.ports import Claim, Material
from tests.app.web.house import API, QUESTION, House, new_document, new_space, problem
from tests.app.web.listening import SSE


@dataclass
class Model:
    """Writes what the sources say, once it may."""

    composer: ExtractiveComposer
    may: asyncio.Event = field(default_factory=asyncio.Event)
    began: asyncio.Event = field(default_factory=asyncio.Event)
    name: str = "model"

    async def compose(self, material: Material) -> AsyncIterator[Claim]:
        self.began.set()
        await self.may.wait()
        async for claim in self.composer.compose(material):
            yield claim


@dataclass
class Noted:
    """Records that note what kinds are read; spaces are gone after so many looks."""

    records: Any
    looks: int = 100
    read: list[str] = field(default_factory=list)

    async def find(self, *given: Any) -> Any:
        self.read.append(given[0].name)
        return await self.records.find(*given)

    async def get(self, *given: Any) -> Any:
        self.read.append(given[0].name)
        gone = self.read.count(SPACES.name) > self.looks
        return None if gone and given[0] is SPACES else await self.records.get(*given)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.records, name)


@dataclass
class Shut(Noted):
    """Records that take no question until a model was asked."""

    model: Model | None = None

    async def commit(self, *given: Any) -> Any:
        if self.model is not None and getattr(given[1], "kind", None) is QUERIES:
            await self.model.began.wait()
            raise UnavailableError(dependency="records", retry_after=3)
        return await self.records.commit(*given)


async def asked(house: House, noted: Noted) -> httpx2.Response:
    model = Model(ExtractiveComposer(house.services.ports.analyzer))
    model.may.set()
    return await asked_of(house, noted, model, {"Prefer": "wait=60"})


async def asked_of(
    house: House, noted: Noted, model: Model, headers: Mapping[str, str]
) -> httpx2.Response:
    client = await house.client()
    space = await new_space(client)
    await new_document(client, space)
    ports = replace(house.services.ports, records=noted, composer=model)
    waiting = await house.with_services(ports=ports).client()
    question = {"space_ids": [space], "question": QUESTION}
    return await waiting.post(f"{API}/queries", json=question, headers=headers)


async def test_an_answer_that_was_made_here_is_told_without_being_read_again(house: House) -> None:
    noted = Noted(house.services.ports.records)
    told = await asked(house, noted)
    assert (told.status_code, told.json()["band"]) == (200, "answer")
    assert QUERIES.name not in noted.read
    client = await house.client()
    stored = await client.get(f"{API}/queries/{told.json()['id']}/result")
    assert stored.json() == told.json()


async def test_an_answer_is_kept_from_those_who_may_no_longer_see_its_space(house: House) -> None:
    told = await asked(house, Noted(house.services.ports.records, looks=1))
    problem(told, 404, "not-found")


async def test_when_the_wait_ends_first_the_same_work_goes_on_for_who_polls(house: House) -> None:
    model = Model(ExtractiveComposer(house.services.ports.analyzer))
    noted = Noted(house.services.ports.records)
    told = await asked_of(house, noted, model, {"Prefer": "wait=1"})
    assert (told.status_code, told.json()["status"]) == (202, "processing")
    model.may.set()
    client = await house.client()
    result = f"{API}/queries/{told.json()['id']}/result"
    found = await client.get(result, headers={"Prefer": "wait=60"})
    assert found.status_code == 200
    stored = await house.services.ports.records.find(QUERIES, DEFAULT_TENANT, found.json()["id"])
    assert stored is not None
    assert stored.value.answer is not None
    assert stored.value.answer.composer == "model"


async def test_who_would_listen_to_a_question_that_is_not_accepted_is_refused(house: House) -> None:
    model = Model(ExtractiveComposer(house.services.ports.analyzer))
    told = await asked_of(house, Shut(house.services.ports.records, model=model), model, SSE)
    problem(told, 503, "unavailable")
    assert told.headers["retry-after"] == "3"
    assert "sentence" not in told.text
