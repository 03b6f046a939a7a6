"""What an Idempotency-Key means for uploads, secrets and answers, which are not simply kept."""

from datetime import UTC, datetime

import httpx2

from app.core import idempotency
from tests.app.web.house import (
    API,
    LEAVE,
    QUESTION,
    House,
    erased,
    new_document,
    new_space,
    problem,
    settled,
)
from tests.app.web.remembered import KEY, calls, set_back


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


async def test_a_remembered_answer_does_not_outlive_the_document_it_quotes(
    client: httpx2.AsyncClient, house: House
) -> None:
    space = await new_space(client)
    document = await new_document(client, space)
    asked = {"space_ids": [space], "question": QUESTION}
    header = {**KEY, "Prefer": "wait=60"}
    first = await client.post(f"{API}/queries", json=asked, headers=header)
    again = await client.post(f"{API}/queries", json=asked, headers=header)
    assert (again.status_code, again.json()) == (200, first.json())
    assert again.headers["idempotency-replayed"] == "true"
    assert "twenty-five" in first.text
    assert "twenty-five" not in str(await calls(house.services.ports))
    gone = await client.delete(f"{API}/documents/{document}")
    await erased(client, gone)
    late = await client.post(f"{API}/queries", json=asked, headers=header)
    assert late.json()["id"] == first.json()["id"]
    assert "twenty-five" not in late.text


async def test_what_was_told_of_a_deleted_document_is_forgotten_but_its_key_stays_used(
    client: httpx2.AsyncClient, house: House
) -> None:
    space = await new_space(client)
    target = f"{API}/spaces/{space}/documents"
    sent = {"file": ("secret-plan.md", LEAVE)}
    made = await client.post(target, files=sent, data={"title": "Secret plan"}, headers=KEY)
    await settled(client, made.json()["id"])
    assert "Secret plan" in str(await calls(house.services.ports))
    gone = await client.delete(f"{API}/documents/{made.json()['id']}")
    await erased(client, gone)
    [remembered] = await calls(house.services.ports)
    assert "secret" not in str(remembered).lower()
    again = await client.post(target, files=sent, data={"title": "Secret plan"}, headers=KEY)
    problem(again, 410, "source-deleted")
    assert (await client.get(target)).json()["items"] == []
