import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import pytest

from app.core import idempotency, spaces
from tests.app.web.house import (
    API,
    LEAVE,
    QUESTION,
    House,
    new_space,
    problem,
)
from tests.app.web.remembered import KEY, calls, set_back


async def test_a_repeated_post_is_answered_as_the_first_and_done_once(
    client: httpx2.AsyncClient,
) -> None:
    first = await client.post(f"{API}/spaces", json={"name": "x"}, headers=KEY)
    again = await client.post(f"{API}/spaces", json={"name": "x"}, headers=KEY)
    assert (again.status_code, again.content) == (first.status_code, first.content)
    for name in ("location", "etag", "content-type"):
        assert again.headers[name] == first.headers[name]
    assert again.headers["idempotency-replayed"] == "true"
    assert "idempotency-replayed" not in first.headers
    assert again.headers["x-request-id"] != first.headers["x-request-id"]
    assert len((await client.get(f"{API}/spaces")).json()["items"]) == 1


async def test_a_quoted_key_is_the_same_key(client: httpx2.AsyncClient) -> None:
    first = await client.post(f"{API}/spaces", json={"name": "x"}, headers={"Idempotency-Key": "k"})
    again = await client.post(
        f"{API}/spaces", json={"name": "x"}, headers={"Idempotency-Key": '"k"'}
    )
    assert again.json() == first.json()


@pytest.mark.parametrize("key", ["", "a b", "x" * 256, '"', 'a"b', "é".encode(), "\t"], ids=repr)
async def test_a_key_of_the_wrong_form_is_refused(
    client: httpx2.AsyncClient, key: str | bytes
) -> None:
    header: dict[str, Any] = {"Idempotency-Key": key}
    refused = await client.post(f"{API}/spaces", json={"name": "x"}, headers=header)
    [told] = problem(refused, 422, "invalid-input")["errors"]
    assert told["pointer"] == "header:Idempotency-Key"


async def test_a_key_stands_for_one_request_only(client: httpx2.AsyncClient) -> None:
    space = await new_space(client)
    await client.post(f"{API}/spaces", json={"name": "x"}, headers=KEY)
    other_body = await client.post(f"{API}/spaces", json={"name": "y"}, headers=KEY)
    problem(other_body, 422, "idempotency-mismatch")
    other_path = await client.post(
        f"{API}/spaces/{space}/query", json={"question": "x"}, headers=KEY
    )
    problem(other_path, 422, "idempotency-mismatch")


async def test_a_key_belongs_to_its_caller(
    client: httpx2.AsyncClient, house: House, stranger: httpx2.AsyncClient
) -> None:
    colleague = await house.client()
    made = {
        (await one.post(f"{API}/spaces", json={"name": "x"}, headers=KEY)).json()["id"]
        for one in (client, colleague, stranger)
    }
    assert len(made) == 3


async def test_of_concurrent_requests_one_is_done_and_none_twice(
    client: httpx2.AsyncClient,
) -> None:
    told = await asyncio.gather(
        *(client.post(f"{API}/spaces", json={"name": "x"}, headers=KEY) for _ in range(8))
    )
    done = [one for one in told if one.status_code == 201]
    for busy in [one for one in told if one.status_code != 201]:
        problem(busy, 409, "idempotency-in-flight")
        assert busy.headers["retry-after"] == "1"
    assert len({one.content for one in done}) == 1
    assert len((await client.get(f"{API}/spaces")).json()["items"]) == 1


async def test_a_refusal_frees_the_key(client: httpx2.AsyncClient) -> None:
    for body in ({"name": ""}, {"name": "x", "unknown": 1}):
        refused = await client.post(f"{API}/spaces", json=body, headers=KEY)
        problem(refused, 422, "invalid-input")
    missing = {"space_ids": ["spc_" + "0" * 26], "question": "x"}
    problem(await client.post(f"{API}/queries", json=missing, headers=KEY), 404, "not-found")
    made = await client.post(f"{API}/spaces", json={"name": "x"}, headers=KEY)
    assert made.status_code == 201


async def test_a_key_is_forgotten_after_its_day(client: httpx2.AsyncClient, house: House) -> None:
    first = await client.post(f"{API}/spaces", json={"name": "x"}, headers=KEY)
    await set_back(house.services.ports, started_at=datetime.now(UTC) - timedelta(hours=24))
    second = await client.post(f"{API}/spaces", json={"name": "x"}, headers=KEY)
    assert second.json()["id"] != first.json()["id"]


async def test_old_calls_are_cleared_away_and_young_ones_kept(
    client: httpx2.AsyncClient, house: House
) -> None:
    await client.post(f"{API}/spaces", json={"name": "x"}, headers=KEY)
    await set_back(house.services.ports, started_at=datetime.now(UTC) - timedelta(hours=25))
    await client.post(f"{API}/spaces", json={"name": "y"}, headers={"Idempotency-Key": "young"})
    assert await idempotency.forget_old(house.services.ports) == 1
    assert len(await calls(house.services.ports)) == 1


POSTS: list[tuple[str, dict[str, Any]]] = [
    (f"{API}/spaces", {"json": {"name": "x"}}),
    (f"{API}/auth/api-keys", {"json": {"name": "k", "scopes": ["spaces:read"]}}),
    (f"{API}/queries", {"json": {"space_ids": ["SPACE"], "question": QUESTION}}),
    (f"{API}/spaces/SPACE/query", {"json": {"question": QUESTION}}),
    (f"{API}/spaces/SPACE/documents", {"files": {"file": ("l.md", LEAVE)}}),
]


@pytest.mark.parametrize(("path", "sent"), POSTS, ids=[path for path, _ in POSTS])
async def test_a_crash_before_the_answer_was_remembered_doubles_nothing(
    client: httpx2.AsyncClient, house: House, path: str, sent: dict[str, Any]
) -> None:
    """The change is done, then the process dies: the mark of the call is all there is."""
    space = await new_space(client)
    path = path.replace("SPACE", space)
    if "space_ids" in sent.get("json", {}):
        sent = {"json": {**sent["json"], "space_ids": [space]}}
    first = await client.post(path, headers=KEY, **sent)
    await set_back(house.services.ports, status=None, headers={}, body=None, fingerprint="")
    busy = await client.post(path, headers=KEY, **sent)
    problem(busy, 409, "idempotency-in-flight")
    long_ago = datetime.now(UTC) - idempotency.SILENCE
    await set_back(house.services.ports, started_at=long_ago, status=None, headers={}, body=None)
    again = await client.post(path, headers=KEY, **sent)
    assert again.status_code in (first.status_code, 200), again.text
    assert again.json()["id"] == first.json()["id"]
    replayed = await client.post(path, headers=KEY, **sent)
    assert replayed.headers["idempotency-replayed"] == "true"


async def test_a_call_that_died_is_taken_over_for_the_same_request_only(
    client: httpx2.AsyncClient, house: House
) -> None:
    await client.post(f"{API}/spaces", json={"name": "x"}, headers=KEY)
    long_ago = datetime.now(UTC) - idempotency.SILENCE
    await set_back(house.services.ports, started_at=long_ago, status=None, body=None)
    other = await client.post(f"{API}/spaces", json={"name": "y"}, headers=KEY)
    problem(other, 422, "idempotency-mismatch")


async def test_a_fault_lets_the_next_request_take_over_with_the_same_ids(
    client: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, made = spaces.create, []

    async def faulty(*args: Any, **named: Any) -> Any:
        found = await real(*args, **named)
        made.append(found.value.id)
        if len(made) == 1:
            raise RuntimeError("after the change")
        return found

    monkeypatch.setattr(spaces, "create", faulty)
    failed = await client.post(f"{API}/spaces", json={"name": "x"}, headers=KEY)
    problem(failed, 500, "internal-error")
    again = await client.post(f"{API}/spaces", json={"name": "x"}, headers=KEY)
    assert again.status_code == 201
    assert made == [again.json()["id"]] * 2
    assert len((await client.get(f"{API}/spaces")).json()["items"]) == 1
