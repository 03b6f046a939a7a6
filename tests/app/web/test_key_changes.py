"""Keys that get a new text, and keys that leaked."""

import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import httpx2
import pytest

from app.core import key_changes, key_text, keys
from app.core.access import Principal
from app.core.kinds import API_KEYS
from app.core.models import DEFAULT_TENANT, Partition, Scope
from app.core.ports import Put
from tests.app.web.house import API, House, problem

KEYS = f"{API}/auth/api-keys"
LEAKED = f"{API}/auth/leaked-keys"


async def made(client: httpx2.AsyncClient, **more: object) -> dict[str, str]:
    answer = await client.post(KEYS, json={"name": "k", "scopes": ["spaces:read"], **more})
    assert answer.status_code == 201, answer.text
    told: dict[str, str] = answer.json()
    return told


async def works(house: House, token: str) -> bool:
    anybody = await house.anybody({"X-API-Key": token})
    return (await anybody.get(f"{API}/spaces")).status_code == 200


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


async def test_both_texts_work_while_they_overlap_and_then_only_the_new_one(
    client: httpx2.AsyncClient, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = await made(client)
    new = (await client.post(f"{KEYS}/{old['id']}/rotate", json={"overlap_s": 60})).json()
    assert new["id"] == old["id"]
    assert await works(house, old["token"])
    assert await works(house, new["token"])
    shown = (await client.get(f"{KEYS}/{old['id']}")).json()
    assert "token" not in shown
    assert shown["previous_valid_until"] == new["previous_valid_until"]
    later = datetime.now(UTC) + timedelta(seconds=61)
    monkeypatch.setattr(keys, "datetime", SimpleNamespace(now=lambda _: later))
    assert not await works(house, old["token"])
    assert await works(house, new["token"])


async def test_without_an_overlap_the_old_text_ends_at_once(
    client: httpx2.AsyncClient, house: House
) -> None:
    old = await made(client)
    new = (await client.post(f"{KEYS}/{old['id']}/rotate", json={"overlap_s": 0})).json()
    assert (await works(house, old["token"]), await works(house, new["token"])) == (False, True)


async def test_a_second_rotation_ends_the_oldest_text(
    client: httpx2.AsyncClient, house: House
) -> None:
    first = await made(client)
    second, third = [
        (await client.post(f"{KEYS}/{first['id']}/rotate", json={})).json() for _ in range(2)
    ]
    found = [await works(house, one["token"]) for one in (first, second, third)]
    assert found == [False, True, True]


async def test_a_rotation_that_is_repeated_is_one_and_shows_its_token_once(
    client: httpx2.AsyncClient, house: House
) -> None:
    old, same = await made(client), {"Idempotency-Key": "r"}
    where = f"{KEYS}/{old['id']}/rotate"
    first = (await client.post(where, json={}, headers=same)).json()
    again = (await client.post(where, json={}, headers=same)).json()
    assert (again["id"], again["token"]) == (old["id"], None)
    assert [await works(house, one["token"]) for one in (old, first)] == [True, True]


async def test_a_rotation_whose_answer_nobody_saw_leaves_the_old_text_its_overlap(
    client: httpx2.AsyncClient, house: House
) -> None:
    old = await made(client)
    owner = Principal(tenant_id=DEFAULT_TENANT, id="key:test", scopes=frozenset({Scope.ADMIN_ALL}))
    unseen, seen = [
        await key_changes.rotate(
            house.services.ports, owner, old["id"], timedelta(hours=1), rotation="rot_1"
        )
        for _ in range(2)
    ]
    found = [await works(house, text) for text in (old["token"], unseen.token, seen.token)]
    assert found == [True, False, True]


async def test_a_key_that_has_ended_is_not_rotated(client: httpx2.AsyncClient) -> None:
    old = await made(client)
    await client.post(f"{KEYS}/{old['id']}/revoke")
    refused = await client.post(f"{KEYS}/{old['id']}/rotate", json={})
    assert problem(refused, 409, "conflict")["detail"].endswith("the key has ended.")
    too_long = await client.post(f"{KEYS}/{old['id']}/rotate", json={"overlap_s": 2_592_001})
    [told] = problem(too_long, 422, "invalid-input")["errors"]
    assert told["pointer"] == "/overlap_s"


@pytest.mark.parametrize("by", ["key", "sha256"])
async def test_a_leaked_key_is_revoked_without_its_id(
    client: httpx2.AsyncClient, house: House, by: str
) -> None:
    leaked, other = await made(client), await made(client)
    found = {by: leaked["token"] if by == "key" else sha256(leaked["token"])}
    told = await client.post(LEAKED, json=found)
    assert (told.json()["id"], told.json()["is_active"]) == (leaked["id"], False)
    assert (await works(house, leaked["token"]), await works(house, other["token"])) == (
        False,
        True,
    )
    assert (await client.post(LEAKED, json=found)).status_code == 200


async def test_a_text_from_before_a_rotation_revokes_the_key_too(
    client: httpx2.AsyncClient, house: House
) -> None:
    old = await made(client)
    new = (await client.post(f"{KEYS}/{old['id']}/rotate", json={})).json()
    await client.post(LEAKED, json={"sha256": sha256(old["token"])})
    assert not await works(house, new["token"])


async def test_no_tenant_revokes_anothers_key_nor_learns_that_it_exists(
    client: httpx2.AsyncClient, stranger: httpx2.AsyncClient, house: House
) -> None:
    mine = await made(client)
    for found in ({"key": mine["token"]}, {"sha256": sha256(mine["token"])}, {"sha256": "0" * 64}):
        problem(await stranger.post(LEAKED, json=found), 404, "not-found")
    assert await works(house, mine["token"])


@pytest.mark.parametrize(
    ("sent", "pointer"),
    [
        ({}, ""),
        ({"key": "x", "sha256": "0" * 64}, ""),
        ({"sha256": "xyz"}, "/sha256"),
        ({"key": "eva_nonsense"}, "/key"),
    ],
    ids=str,
)
async def test_what_is_no_key_is_refused(
    client: httpx2.AsyncClient, sent: dict[str, str], pointer: str
) -> None:
    refused = await client.post(LEAKED, json=sent)
    [told] = problem(refused, 422, "invalid-input")["errors"]
    assert told["pointer"] == pointer
    assert "eva_nonsense" not in refused.text


async def test_when_a_key_was_last_used_is_shown_and_unused_keys_are_told_apart(
    client: httpx2.AsyncClient, house: House
) -> None:
    used, unused = await made(client), await made(client)
    assert await works(house, used["token"])
    shown = {one["id"]: one for one in (await client.get(KEYS)).json()["items"]}
    assert shown[used["id"]]["last_used_at"] is not None
    assert shown[unused["id"]]["last_used_at"] is None
    where = f"{KEYS}/{unused['id']}"
    etag = (await client.get(where)).headers["etag"]
    assert await works(house, unused["token"])
    again = await client.get(where, headers={"If-None-Match": etag})
    assert (again.status_code, again.json()["last_used_at"] is not None) == (200, True)
    assert (await client.delete(where, headers={"If-Match": etag})).status_code == 204


async def test_a_key_from_before_the_checksums_works_and_is_revoked_by_its_text(
    client: httpx2.AsyncClient, house: House
) -> None:
    told, ports, home = await made(client), house.services.ports, Partition(DEFAULT_TENANT)
    found = await ports.records.get(API_KEYS, home, told["id"])
    assert found is not None
    former = replace(found.value, secret_sha256=key_text.hashed("cd" * 32))
    await ports.records.commit(home, Put(kind=API_KEYS, value=former))
    text = f"eva_{told['id']}_{'cd' * 32}"
    assert await works(house, text)
    assert (await client.post(LEAKED, json={"key": text})).status_code == 200
    assert not await works(house, text)
