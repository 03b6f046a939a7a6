"""Every request is in the audit trail, with who, what, which object and how it went."""

from typing import Any

import httpx2

from tests.app.web.house import API, House


async def events(house: House, client: httpx2.AsyncClient, **wanted: str) -> list[dict[str, Any]]:
    await house.services.ports.audit.flush()
    found = await client.get(f"{API}/audit/events", params={"limit": "100", **wanted})
    assert found.status_code == 200, found.text
    items: list[dict[str, Any]] = found.json()["items"]
    return items


async def test_a_change_is_recorded_twice_as_a_request_and_with_its_transaction(
    house: House, client: httpx2.AsyncClient
) -> None:
    made = await client.post(
        f"{API}/spaces", json={"name": "x"}, headers={"X-Request-Id": "req-audit-1"}
    )
    change, request = await events(house, client, request_id="req-audit-1")
    assert (change["kind"], change["outcome"]) == ("change", "committed")
    assert change["targets"] == [f"put space/{made.json()['id']}"]
    assert (request["kind"], request["outcome"], request["decision"]) == (
        "request",
        "201",
        "allowed",
    )
    assert change["actor"] == request["actor"] == made.json()["created_by"]
    assert {change["action"], request["action"]} == {"createSpace"}


async def test_reads_and_refusals_are_recorded_too(
    house: House, client: httpx2.AsyncClient, stranger: httpx2.AsyncClient
) -> None:
    space = (await client.post(f"{API}/spaces", json={"name": "x"})).json()["id"]
    await client.get(f"{API}/spaces/{space}")
    await stranger.get(f"{API}/spaces/{space}")
    [read] = await events(house, client, action="getSpace")
    assert (read["targets"], read["outcome"]) == ([f"space/{space}"], "200")
    [refused] = await events(house, stranger, action="getSpace")
    assert (refused["targets"], refused["outcome"]) == ([f"space/{space}"], "404")


async def test_a_missing_scope_is_recorded_as_denied(
    house: House, client: httpx2.AsyncClient
) -> None:
    made = await client.post(
        f"{API}/auth/api-keys", json={"name": "reader", "scopes": ["spaces:read"]}
    )
    reader = {"X-API-Key": made.json()["token"]}
    refused = await client.post(f"{API}/spaces", json={"name": "x"}, headers=reader)
    assert refused.status_code == 403
    [event] = await events(house, client, outcome="403")
    assert (event["decision"], event["action"]) == ("denied", "createSpace")
    assert event["actor"] == f"key:{made.json()['id'].removeprefix('key_')}"


async def test_the_worker_s_changes_are_recorded_as_its_own(
    house: House, client: httpx2.AsyncClient
) -> None:
    space = (await client.post(f"{API}/spaces", json={"name": "x"})).json()["id"]
    body = {"space_ids": [space], "question": "What is x?"}
    asked = await client.post(f"{API}/queries", json=body)
    where = f"{asked.headers['location']}/result"
    assert (await client.get(where, headers={"Prefer": "wait=60"})).status_code == 200
    done = await events(house, client, actor="worker")
    assert [e["targets"] for e in done] == [[f"put query/{asked.json()['id']}"]]


async def test_events_need_the_scope_of_an_auditor(
    house: House, client: httpx2.AsyncClient
) -> None:
    for scope, status in (("audit:read", 200), ("documents:write", 403)):
        made = await client.post(f"{API}/auth/api-keys", json={"name": "k", "scopes": [scope]})
        token = {"X-API-Key": made.json()["token"]}
        found = await client.get(f"{API}/audit/events", headers=token)
        assert found.status_code == status
    assert (await events(house, client, outcome="403"))[0]["action"] == "listAuditEvents"


async def test_no_key_and_no_token_is_in_any_event(
    house: House, client: httpx2.AsyncClient
) -> None:
    made = await client.post(f"{API}/auth/api-keys", json={"name": "k", "scopes": ["spaces:read"]})
    token = made.json()["token"]
    await client.get(f"{API}/spaces", headers={"X-API-Key": token})
    assert token.rpartition("_")[2] not in str(await events(house, client))


async def test_the_trail_of_a_running_service_verifies(
    house: House, client: httpx2.AsyncClient
) -> None:
    for _ in range(5):
        await client.post(f"{API}/spaces", json={"name": "x"})
        await client.get(f"{API}/nothing")
    await house.services.ports.audit.flush()
    report = await house.services.ports.audit.verify()
    assert report.problems == []
    assert report.events >= 15
