"""What the checker of the experiments finds, on a service at which something is really wrong."""

import hashlib
import uuid
from collections.abc import AsyncIterator

import httpx2
import pytest

from app.settings import Settings
from tests.app.web import house as opening
from tests.app.web.house import API, LEAVE, new_space
from tests.crash.checker import Checker
from tests.crash.journal import Journal


@pytest.fixture
async def client(settings: Settings) -> AsyncIterator[httpx2.AsyncClient]:
    """An administrator of the whole service."""
    async with opening.opened(settings) as house:
        yield await house.client()


async def uploaded(
    client: httpx2.AsyncClient, space: str, journal: Journal | None, content: bytes = LEAVE
) -> str:
    sent = {"file": ("leave.txt", content, "text/plain")}
    told = await client.post(f"{API}/spaces/{space}/documents", files=sent)
    assert told.status_code == 202, told.text
    id_ = str(told.json()["id"])
    if journal is not None:
        journal.documents[id_] = {1: hashlib.sha256(LEAVE).hexdigest()}
    return id_


async def asked(client: httpx2.AsyncClient, space: str, question: str) -> str:
    told = await client.post(
        f"{API}/queries",
        json={"space_ids": [space], "question": question},
        headers={"Prefer": "wait=20", "Idempotency-Key": uuid.uuid4().hex},
    )
    assert told.status_code == 200, told.text
    return str(told.json()["id"])


async def found(client: httpx2.AsyncClient, space: str, journal: Journal) -> list[str]:
    checker = Checker(client, space, journal)
    await checker.check()
    return checker.wrong


async def test_nothing_is_wrong_where_everything_is_there_once(client: httpx2.AsyncClient) -> None:
    space, journal = await new_space(client), Journal()
    await uploaded(client, space, journal)
    journal.queries[await asked(client, space, "How many days?")] = "How many days?"
    assert await found(client, space, journal) == []


async def test_a_lost_write_is_found(client: httpx2.AsyncClient) -> None:
    space, journal = await new_space(client), Journal()
    lost = await uploaded(client, space, journal)
    assert (await client.delete(f"{API}/documents/{lost}")).status_code == 204
    wrong = await found(client, space, journal)
    assert f"documents lost: ['{lost}']" in wrong


async def test_a_doubled_write_is_found(client: httpx2.AsyncClient) -> None:
    space, journal = await new_space(client), Journal()
    await uploaded(client, space, journal)
    twice = await uploaded(client, space, None, LEAVE + b"More.")
    journal.queries[await asked(client, space, "How many days?")] = "How many days?"
    other = await asked(client, space, "How many days?")
    wrong = await found(client, space, journal)
    assert f"documents that nobody was told of: ['{twice}']" in wrong
    assert f"queries that nobody was told of: ['{other}']" in wrong
    assert "asked twice: [('How many days?', 2)]" in wrong


async def test_bytes_that_are_not_those_acknowledged_are_found(client: httpx2.AsyncClient) -> None:
    space, journal = await new_space(client), Journal()
    id_ = await uploaded(client, space, journal)
    journal.documents[id_][1] = hashlib.sha256(b"other").hexdigest()
    assert await found(client, space, journal) == [f"{id_} version 1 differs: 200"]
