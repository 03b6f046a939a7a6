"""Who waits for an answer that a model writes: question and answer are durable one by one."""

from dataclasses import dataclass, field, replace
from typing import Any

import httpx2

from app.core.kinds import QUERIES, SPACES
from tests.app.web.house import API, QUESTION, House, new_document, new_space, problem

WAIT = {"Prefer": "wait=20"}


@dataclass
class Model:
    """What writes answers elsewhere; here it is only asked for its name."""

    name: str = "model"


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


async def asked(house: House, noted: Noted) -> httpx2.Response:
    client = await house.client()
    space = await new_space(client)
    await new_document(client, space)
    ports = replace(house.services.ports, records=noted, composer=Model())  # type: ignore[arg-type]
    waiting = await house.with_services(ports=ports).client()
    question = {"space_ids": [space], "question": QUESTION}
    return await waiting.post(f"{API}/queries", json=question, headers=WAIT)


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
