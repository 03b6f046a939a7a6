"""The service dies, freezes and comes back; nothing that it acknowledged is lost."""

import asyncio

import httpx2
import pytest

from tests.e2e.steps import DAYS, LEAVE, ask, new_space, ready, settled, upload
from tests.e2e.target import Target


async def test_documents_acknowledged_before_a_crash_in_mid_ingestion_become_ready_after_it(
    admin: httpx2.AsyncClient, target: Target
) -> None:
    process, space = target.own(), await new_space(admin)
    texts = [f"The badge of visitor {n} is collected at gate {n * 7}. " * 400 for n in range(12)]
    sent = await asyncio.gather(
        *(upload(admin, space, text, f"visitor-{n}.txt") for n, text in enumerate(texts))
    )
    process.kill()
    process.start()
    await process.ready()
    async with target.admin() as client:
        found = [await settled(client, document) for document in sent]
        assert [one["status"] for one in found] == ["ready"] * len(sent)
        listed = (await client.get(f"/spaces/{space}/documents?limit=100")).json()["items"]
        assert sorted(one["id"] for one in listed) == sorted(sent), "none lost, none doubled"
        answer = await ask(client, space, "At which gate is the badge of visitor 5 collected?")
        assert "35" in answer["answer"]


async def test_a_frozen_service_is_noticed_by_clients_and_goes_on_where_it_was(
    admin: httpx2.AsyncClient, target: Target
) -> None:
    process, space = target.own(), await new_space(admin)
    await ready(admin, space, LEAVE)
    with process.frozen():
        async with target.admin() as hasty:
            with pytest.raises(httpx2.TimeoutException):
                await hasty.get(f"/spaces/{space}", timeout=0.5)
    await process.ready()
    assert (await ask(admin, space, DAYS))["band"] == "answer"


async def test_a_question_accepted_before_a_crash_is_answered_after_it(
    admin: httpx2.AsyncClient, target: Target
) -> None:
    process, space = target.own(), await new_space(admin)
    await ready(admin, space, LEAVE)
    asked = {"space_ids": [space], "question": DAYS}
    told = await asyncio.gather(*(admin.post("/queries", json=asked) for _ in range(5)))
    assert {one.status_code for one in told} == {202}
    process.kill()
    process.start()
    await process.ready()
    async with target.admin() as client:
        for one in told:
            path = f"/queries/{one.json()['id']}/result"
            found = await client.get(path, headers={"Prefer": "wait=30"})
            assert found.status_code == 200, found.text
            assert "twenty-five" in found.json()["answer"]
