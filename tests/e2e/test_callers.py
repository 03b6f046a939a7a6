"""Who may do what, how much, and who sees it afterwards."""

import asyncio
from typing import Any

import httpx2

from tests.e2e.steps import DAYS, LEAVE, ask, new_key, new_space, ready, refused
from tests.e2e.target import Target


async def test_what_belongs_to_one_tenant_is_not_there_for_another(
    admin: httpx2.AsyncClient, target: Target
) -> None:
    space = await new_space(admin)
    document = await ready(admin, space, LEAVE)
    query = (await ask(admin, space, DAYS))["id"]
    async with target.another_tenant() as stranger:
        paths = (f"/spaces/{space}", f"/documents/{document}", f"/queries/{query}/result")
        for path in paths:
            refused(await stranger.get(path), 404, "not-found")
        asked = {"space_ids": [space], "question": DAYS}
        refused(await stranger.post("/queries", json=asked), 404, "not-found")
        refused(await stranger.delete(f"/spaces/{space}"), 404, "not-found")
        listed = (await stranger.get("/spaces")).json()["items"]
        assert space not in [one["id"] for one in listed]
    assert (await ask(admin, space, DAYS))["band"] == "answer"


async def test_a_key_kept_to_one_space_reaches_no_other_and_no_more_than_its_scopes(
    admin: httpx2.AsyncClient, target: Target
) -> None:
    mine, other = await new_space(admin), await new_space(admin)
    await ready(admin, mine, LEAVE)
    made = await new_key(admin, scopes=["queries:execute", "spaces:read"], space_ids=[mine])
    async with target.client({"X-API-Key": made["token"]}) as reader:
        assert (await ask(reader, mine, DAYS))["band"] == "answer"
        refused(await reader.get(f"/spaces/{other}"), 404, "not-found")
        refused(await reader.delete(f"/spaces/{mine}"), 403, "insufficient-scope")


async def test_an_auditor_finds_who_did_what_to_which_object(
    admin: httpx2.AsyncClient, target: Target
) -> None:
    space = await new_space(admin)
    told = await admin.get(f"/spaces/{space}")
    made = await new_key(admin, scopes=["audit:read"])
    async with target.client({"X-API-Key": made["token"]}) as auditor:
        refused(await auditor.get(f"/spaces/{space}"), 403, "insufficient-scope")
        events: list[dict[str, Any]] = []
        async with asyncio.timeout(60):
            while not events:
                found = await auditor.get(
                    "/audit/events", params={"request_id": told.headers["x-request-id"]}
                )
                assert found.status_code == 200, found.text
                events = found.json()["items"]
                await asyncio.sleep(0.1)
    [event] = events
    assert event["action"] == "getSpace"
    assert f"space/{space}" in event["targets"]
    assert event["outcome"] == "200"


async def test_what_was_used_is_counted_for_whom_it_is_charged_to(
    admin: httpx2.AsyncClient, target: Target
) -> None:
    space = await new_space(admin)
    await ready(admin, space, LEAVE)
    made = await new_key(admin, scopes=["queries:execute"], department="Fisheries")
    async with target.client({"X-API-Key": made["token"]}) as user:
        for _ in range(3):
            assert (await ask(user, space, DAYS))["usage"]
    async with asyncio.timeout(60):
        while True:
            told = await admin.get("/usage", headers={"Accept": "text/csv"})
            assert told.status_code == 200, told.text
            if "Fisheries" in told.text:
                break
            await asyncio.sleep(0.2)
