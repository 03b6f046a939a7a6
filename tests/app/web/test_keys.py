from datetime import UTC, datetime, timedelta

import httpx2
import pytest

from app.core.models import Scope
from tests.app.web.house import API, QUESTION, House, new_space, problem

PATHS = [f"{API}/auth/api-keys", "/auth/api-keys"]


@pytest.mark.parametrize("path", PATHS)
async def test_a_key_is_shown_once_and_works(
    client: httpx2.AsyncClient, house: House, path: str
) -> None:
    made = await client.post(path, json={"name": "k", "scopes": ["spaces:read", "spaces:read"]})
    assert made.status_code == 201
    token = made.json()["token"]
    assert made.json()["scopes"] == ["spaces:read"]
    anybody = await house.anybody({"X-API-Key": token})
    assert (await anybody.get(f"{API}/spaces")).status_code == 200
    problem(await anybody.post(f"{API}/spaces", json={"name": "x"}), 403, "insufficient-scope")
    found = await client.get(f"{path}/{made.json()['id']}")
    assert "token" not in found.json()
    assert token.rpartition("_")[2] not in found.text + (await client.get(path)).text


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("by_post", [True, False])
async def test_a_revoked_key_is_refused_at_once(
    client: httpx2.AsyncClient, house: House, path: str, *, by_post: bool
) -> None:
    made = (await client.post(path, json={"name": "k", "scopes": ["spaces:read"]})).json()
    anybody = await house.anybody({"X-API-Key": made["token"]})
    if by_post:
        told = await client.post(f"{path}/{made['id']}/revoke")
        assert told.json()["is_active"] is False
    else:
        told = await client.delete(f"{path}/{made['id']}")
        assert told.status_code == 204
    problem(await anybody.get(f"{API}/spaces"), 401, "unauthenticated")
    again = await client.post(f"{path}/{made['id']}/revoke")
    assert again.json()["revoked_at"] is not None


async def test_an_expiry_is_kept_in_utc_and_must_lie_ahead(client: httpx2.AsyncClient) -> None:
    ahead = datetime.now(UTC) + timedelta(hours=1)
    sent = {"name": "k", "scopes": ["spaces:read"], "expires_at": ahead.isoformat()}
    made = await client.post(PATHS[0], json=sent)
    assert made.json()["expires_at"].endswith("Z")
    for bad in (
        "2020-01-01T00:00:00Z",
        "2099-01-01T00:00:00",
        "2099-01-01",
        "9999-12-31T23:59:59-12:00",
        "tomorrow",
        4_000_000_000,
    ):
        refused = await client.post(PATHS[0], json={**sent, "expires_at": bad})
        [told] = problem(refused, 422, "invalid-input")["errors"]
        assert told["pointer"] == "/expires_at"


@pytest.mark.parametrize(
    ("sent", "pointer"),
    [
        ({"name": "k", "scopes": []}, "/scopes"),
        ({"name": "k", "scopes": ["root"]}, "/scopes/0"),
        ({"name": "k" * 101, "scopes": ["spaces:read"]}, "/name"),
        ({"name": "k", "scopes": ["spaces:read"], "space_ids": ["x"]}, "/space_ids/0"),
        ({"name": "k", "scopes": ["spaces:read"], "tenant_id": "t"}, "/tenant_id"),
    ],
    ids=str,
)
async def test_what_a_key_may_not_be_is_refused(
    client: httpx2.AsyncClient, sent: dict[str, object], pointer: str
) -> None:
    body = problem(await client.post(PATHS[0], json=sent), 422, "invalid-input")
    assert [one["pointer"] for one in body["errors"]] == [pointer]


async def test_a_key_kept_to_some_spaces_can_only_make_keys_kept_to_those(
    client: httpx2.AsyncClient, house: House
) -> None:
    mine, other = await new_space(client), await new_space(client, "other")
    kept = await house.client(space_ids=[mine])
    sent = {"name": "k", "scopes": [Scope.ADMIN_ALL]}
    problem(await kept.post(PATHS[0], json=sent), 403, "insufficient-scope")
    wider = await kept.post(PATHS[0], json={**sent, "space_ids": [mine, other]})
    problem(wider, 404, "not-found")
    made = await kept.post(PATHS[0], json={**sent, "space_ids": [mine]})
    assert made.json()["space_ids"] == [mine]


async def test_a_key_kept_to_some_spaces_sees_no_key_that_reaches_further(
    client: httpx2.AsyncClient, house: House
) -> None:
    mine, other = await new_space(client), await new_space(client, "other")
    kept = await house.client(space_ids=[mine])
    sent = {"name": "k", "scopes": ["spaces:read"]}
    wide = [
        (await client.post(PATHS[0], json={**sent, **reach})).json()["id"]
        for reach in ({}, {"space_ids": [other]}, {"space_ids": [mine, other]})
    ]
    made = (await kept.post(PATHS[0], json={**sent, "space_ids": [mine]})).json()["id"]
    for id_ in wide:
        problem(await kept.get(f"{PATHS[0]}/{id_}"), 404, "not-found")
        problem(await kept.post(f"{PATHS[0]}/{id_}/revoke"), 404, "not-found")
        problem(await kept.delete(f"{PATHS[0]}/{id_}"), 404, "not-found")
        assert (await client.get(f"{PATHS[0]}/{id_}")).json()["is_active"] is True
    listed = [key["id"] for key in (await kept.get(PATHS[0])).json()["items"]]
    own = kept.headers["X-API-Key"].split("_")[1]
    assert sorted(listed) == sorted([own, made])


async def test_a_key_cannot_be_kept_to_a_space_that_is_not_there(
    client: httpx2.AsyncClient, stranger: httpx2.AsyncClient
) -> None:
    foreign = await new_space(stranger)
    for space_id in (foreign, "spc_" + "0" * 26):
        sent = {"name": "k", "scopes": ["spaces:read"], "space_ids": [space_id]}
        problem(await client.post(PATHS[0], json=sent), 404, "not-found")


async def test_a_foreign_key_is_indistinguishable_from_a_missing_one(
    client: httpx2.AsyncClient, stranger: httpx2.AsyncClient
) -> None:
    made = (await client.post(PATHS[0], json={"name": "k", "scopes": ["spaces:read"]})).json()
    for id_ in (made["id"], "0" * 26):
        where = f"{PATHS[0]}/{id_}"
        problem(await stranger.get(where), 404, "not-found")
        problem(await stranger.delete(where), 404, "not-found")
        problem(await stranger.post(f"{where}/revoke"), 404, "not-found")
    assert (await client.get(f"{PATHS[0]}/{made['id']}")).json()["is_active"] is True


async def test_a_good_copy_of_a_key_is_not_sent_again(client: httpx2.AsyncClient) -> None:
    made = await client.post(PATHS[0], json={"name": "k", "scopes": ["spaces:read"]})
    where = made.headers["location"]
    etag = (await client.get(where)).headers["etag"]
    assert (await client.get(where, headers={"If-None-Match": etag})).status_code == 304
    refused = await client.delete(where, headers={"If-Match": '"other"'})
    problem(refused, 412, "stale-etag")
    assert (await client.delete(where, headers={"If-Match": etag})).status_code == 204
    assert (await client.get(where, headers={"If-None-Match": etag})).status_code == 200


async def test_a_key_kept_to_a_space_is_not_shown_queries_that_reach_beyond_it(
    idle: House,
) -> None:
    client = await idle.client()
    mine, other = await new_space(client), await new_space(client, "other")
    kept = await idle.client(space_ids=[mine])
    for space_ids in ([mine, other], [mine]):
        asked = {"space_ids": space_ids, "question": QUESTION}
        told = await client.post(f"{API}/queries", json=asked)
    where = f"{API}/queries?space_id={mine}"
    assert [one["id"] for one in (await kept.get(where)).json()["items"]] == [told.json()["id"]]
    assert len((await client.get(where)).json()["items"]) == 2
