import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import pytest

from app.core import idempotency, spaces
from app.core.access import Principal
from app.core.kinds import IDEMPOTENT_CALLS
from app.core.models import DEFAULT_TENANT, IdempotentCall, Partition, Stored
from app.core.ports import Listing, Ports, Put
from tests.app.web.house import (
    API,
    LEAVE,
    QUESTION,
    House,
    new_document,
    new_space,
    problem,
    settled,
)

KEY = {"Idempotency-Key": "8e03978e-40d5-43dd-bc93-6894a57f9324"}
HOME = Partition(DEFAULT_TENANT)


async def calls(ports: Ports) -> list[Stored[IdempotentCall]]:
    return list((await ports.records.page(IDEMPOTENT_CALLS, HOME, Listing(limit=100))).items)


async def set_back(ports: Ports, **changes: Any) -> IdempotentCall:
    """Change the one remembered call behind the service's back; return it as it was."""
    [found] = await calls(ports)
    await ports.records.commit(
        HOME, Put(kind=IDEMPOTENT_CALLS, value=replace(found.value, **changes))
    )
    return found.value


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


async def test_the_token_of_a_key_is_neither_remembered_nor_replayed(
    client: httpx2.AsyncClient, house: House
) -> None:
    sent = {"name": "k", "scopes": ["spaces:read"]}
    first = await client.post(f"{API}/auth/api-keys", json=sent, headers=KEY)
    again = await client.post(f"{API}/auth/api-keys", json=sent, headers=KEY)
    assert again.json() == {**first.json(), "token": None}
    assert again.status_code == 201
    [remembered] = await calls(house.services.ports)
    assert first.json()["token"].rpartition("_")[2] not in str(remembered)


async def test_a_key_whose_token_nobody_saw_gets_a_new_one(
    client: httpx2.AsyncClient, house: House
) -> None:
    sent = {"name": "k", "scopes": ["spaces:read"]}
    first = (await client.post(f"{API}/auth/api-keys", json=sent, headers=KEY)).json()
    long_ago = datetime.now(UTC) - idempotency.SILENCE
    await set_back(house.services.ports, started_at=long_ago, status=None, body=None)
    second = (await client.post(f"{API}/auth/api-keys", json=sent, headers=KEY)).json()
    assert second["id"] == first["id"]
    assert second["token"] != first["token"]
    for token, status in ((first["token"], 401), (second["token"], 200)):
        anybody = await house.anybody({"X-API-Key": token})
        assert (await anybody.get(f"{API}/spaces")).status_code == status


async def test_a_repeated_upload_is_compared_by_what_it_holds(
    client: httpx2.AsyncClient,
) -> None:
    target = f"{API}/spaces/{await new_space(client)}/documents"
    sent = {"file": ("l.md", LEAVE)}
    first = await client.post(target, files=sent, data={"title": "t"}, headers=KEY)
    again = await client.post(target, files=sent, data={"title": "t"}, headers=KEY)
    assert (again.status_code, again.content) == (202, first.content)
    assert again.headers["idempotency-replayed"] == "true"
    for files, data in (
        ({"file": ("l.md", LEAVE + b"more")}, {"title": "t"}),
        ({"file": ("m.md", LEAVE)}, {"title": "t"}),
        (sent, {"title": "u"}),
        (sent, {}),
    ):
        other = await client.post(target, files=files, data=data, headers=KEY)
        problem(other, 422, "idempotency-mismatch")
    assert len((await client.get(target)).json()["items"]) == 1


async def test_an_upload_that_is_refused_frees_the_key(client: httpx2.AsyncClient) -> None:
    target = f"{API}/spaces/{await new_space(client)}/documents"
    empty = await client.post(target, files={"file": ("l.md", b"")}, headers=KEY)
    problem(empty, 422, "invalid-input")
    made = await client.post(target, files={"file": ("l.md", LEAVE)}, headers=KEY)
    assert made.status_code == 202


async def test_a_version_uploaded_again_after_a_crash_is_one_version(
    client: httpx2.AsyncClient, house: House
) -> None:
    document = await new_document(client, await new_space(client))
    target, sent = f"{API}/documents/{document}/versions", {"file": ("l.md", b"brand new words")}
    await client.post(target, files=sent, headers=KEY)
    long_ago = datetime.now(UTC) - idempotency.SILENCE
    await set_back(house.services.ports, started_at=long_ago, status=None, body=None)
    again = await client.post(target, files=sent, headers=KEY)
    assert (again.status_code, again.json()["version"]) == (200, 2)
    assert len((await settled(client, document))["versions"]) == 2


async def test_a_stream_asked_for_again_is_told_again(client: httpx2.AsyncClient) -> None:
    space = await new_space(client)
    await new_document(client, space)
    asked = {"space_ids": [space], "question": QUESTION}
    header = {**KEY, "Accept": "text/event-stream"}
    first = await client.post(f"{API}/queries", json=asked, headers=header)
    again = await client.post(f"{API}/queries", json=asked, headers=header)
    assert again.headers["content-type"].startswith("text/event-stream")
    assert again.headers["idempotency-replayed"] == "true"
    assert again.text == first.text
    listed = await client.get(f"{API}/queries?space_id={space}")
    assert len(listed.json()["items"]) == 1


async def test_a_running_call_shows_signs_of_life(
    ports: Ports, alice: Principal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(idempotency, "_BEAT_S", 0.01)
    turn = await idempotency.begin(ports, alice, "k", "f")
    assert isinstance(turn, idempotency.Turn)
    home = Partition(alice.tenant_id)
    [begun] = (await ports.records.page(IDEMPOTENT_CALLS, home, Listing())).items
    async with idempotency.alive(turn):
        for _ in range(200):
            await asyncio.sleep(0.01)
            [beaten] = (await ports.records.page(IDEMPOTENT_CALLS, home, Listing())).items
            if beaten.value.started_at > begun.value.started_at:
                break
    assert beaten.value.started_at > begun.value.started_at
    await turn.finish(idempotency.Reply(201, {}, "done"), "f")
    again = await idempotency.begin(ports, alice, "k", "f")
    assert isinstance(again, IdempotentCall)
    assert again.body == "done"


async def test_a_call_taken_over_leaves_the_answer_to_the_other(
    ports: Ports, alice: Principal
) -> None:
    slow = await idempotency.begin(ports, alice, "k", "f")
    assert isinstance(slow, idempotency.Turn)
    await slow.release()
    other = await idempotency.begin(ports, alice, "k", "f")
    assert isinstance(other, idempotency.Turn)
    assert other.seed == slow.seed
    await other.finish(idempotency.Reply(201, {}, "theirs"), "f")
    await slow.finish(idempotency.Reply(201, {}, "mine"), "f")
    await slow.forget()
    found = await idempotency.begin(ports, alice, "k", "f")
    assert isinstance(found, IdempotentCall)
    assert found.body == "theirs"


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


async def test_a_remembered_answer_does_not_outlive_the_document_it_quotes(
    client: httpx2.AsyncClient, house: House
) -> None:
    space = await new_space(client)
    document = await new_document(client, space)
    asked = {"space_ids": [space], "question": QUESTION}
    header = {**KEY, "Prefer": "wait=20"}
    first = await client.post(f"{API}/queries", json=asked, headers=header)
    again = await client.post(f"{API}/queries", json=asked, headers=header)
    assert (again.status_code, again.json()) == (200, first.json())
    assert again.headers["idempotency-replayed"] == "true"
    assert "twenty-five" in first.text
    assert "twenty-five" not in str(await calls(house.services.ports))
    gone = await client.delete(f"{API}/documents/{document}")
    for _ in range(300):
        if (await client.get(gone.headers["location"])).json()["completed_at"]:
            break
        await asyncio.sleep(0.02)
    late = await client.post(f"{API}/queries", json=asked, headers=header)
    assert late.json()["id"] == first.json()["id"]
    assert "twenty-five" not in late.text
