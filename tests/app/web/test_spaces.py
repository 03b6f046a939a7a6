from typing import Any

import httpx2
import pytest

from tests.app.web.house import API, House, new_document, new_space, problem

ABSENT = "spc_00000000000000000000000000"


async def test_a_new_space_is_found_where_its_location_says(client: httpx2.AsyncClient) -> None:
    sent = {"name": "Handbook", "metadata": {"year": 2026, "open": True}, "tags": ["a", "a", "b"]}
    made = await client.post(f"{API}/spaces", json=sent)
    assert made.status_code == 201
    assert made.json()["tags"] == ["a", "b"]
    assert made.json()["created_at"].endswith("Z")
    found = await client.get(made.headers["location"])
    assert found.json() == made.json()
    assert found.headers["etag"] == made.headers["etag"]


async def test_put_replaces_what_patch_leaves_alone(client: httpx2.AsyncClient) -> None:
    sent = {"name": "n", "description": "d", "tags": ["t"]}
    made = await client.post(f"{API}/spaces", json=sent)
    where, etag = made.headers["location"], made.headers["etag"]
    patched = await client.patch(where, json={"name": "m"}, headers={"If-Match": etag})
    assert patched.json() | {"name": "m", "description": "d", "tags": ["t"]} == patched.json()
    replaced = await client.put(
        where, json={"name": "o"}, headers={"If-Match": patched.headers["etag"]}
    )
    assert replaced.json() | {"name": "o", "description": "", "tags": []} == replaced.json()
    assert replaced.headers["etag"] != etag


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
async def test_a_change_without_if_match_is_refused(
    client: httpx2.AsyncClient, method: str
) -> None:
    space = await new_space(client)
    refused = await client.request(method, f"{API}/spaces/{space}", json={"name": "x"})
    problem(refused, 428, "precondition-required")


@pytest.mark.parametrize(
    "given", ['"stale"', 'W/"{etag}"', '"a", "b"', "nonsense"], ids=["old", "weak", "list", "junk"]
)
async def test_a_change_of_another_revision_is_refused(
    client: httpx2.AsyncClient, given: str
) -> None:
    space = await new_space(client)
    etag = (await client.get(f"{API}/spaces/{space}")).headers["etag"].strip('"')
    header = {"If-Match": given.replace("{etag}", etag)}
    refused = await client.patch(f"{API}/spaces/{space}", json={"name": "x"}, headers=header)
    problem(refused, 412, "stale-etag")
    assert (await client.get(f"{API}/spaces/{space}")).json()["name"] == "Handbook"


@pytest.mark.parametrize("given", ["*", '"other", {etag}'])
async def test_a_star_or_a_list_with_the_revision_matches(
    client: httpx2.AsyncClient, given: str
) -> None:
    space = await new_space(client)
    etag = (await client.get(f"{API}/spaces/{space}")).headers["etag"]
    header = {"If-Match": given.replace("{etag}", etag)}
    changed = await client.patch(f"{API}/spaces/{space}", json={"name": "x"}, headers=header)
    assert changed.status_code == 200


async def test_a_good_copy_is_not_sent_again_until_the_count_changes(
    client: httpx2.AsyncClient,
) -> None:
    space = await new_space(client)
    etag = (await client.get(f"{API}/spaces/{space}")).headers["etag"]
    same = {"If-None-Match": f'"x", W/{etag}'}
    unchanged = await client.get(f"{API}/spaces/{space}", headers=same)
    assert (unchanged.status_code, unchanged.content) == (304, b"")
    assert unchanged.headers["etag"] == etag
    await new_document(client, space)
    changed = await client.get(f"{API}/spaces/{space}", headers=same)
    assert changed.status_code == 200
    assert changed.json()["document_count"] == 1


async def test_a_document_that_came_does_not_spoil_the_etag_for_a_change(
    client: httpx2.AsyncClient,
) -> None:
    space = await new_space(client)
    etag = (await client.get(f"{API}/spaces/{space}")).headers["etag"]
    await new_document(client, space)
    changed = await client.patch(
        f"{API}/spaces/{space}", json={"name": "x"}, headers={"If-Match": etag}
    )
    assert changed.status_code == 200


async def test_a_foreign_space_is_indistinguishable_from_a_missing_one(
    client: httpx2.AsyncClient, stranger: httpx2.AsyncClient
) -> None:
    space = await new_space(client)
    for method in ("GET", "DELETE", "PUT", "PATCH"):
        told = []
        for id_ in (space, ABSENT):
            body: dict[str, Any] = {"json": {"name": "x"}} if method in ("PUT", "PATCH") else {}
            refused = await stranger.request(
                method, f"{API}/spaces/{id_}", headers={"If-Match": "*"}, **body
            )
            told.append(problem(refused, 404, "not-found"))
            told[-1].pop("request_id")
            assert told[-1].pop("instance") == f"{API}/spaces/{id_}"
        assert told[0] == told[1]
    assert (await client.get(f"{API}/spaces/{space}")).status_code == 200


@pytest.mark.parametrize("id_", ["absent", "spc_UPPER", f"{ABSENT}0", "%2e%2e", "%00", "a%20b"])
async def test_an_id_of_the_wrong_form_is_not_found(client: httpx2.AsyncClient, id_: str) -> None:
    problem(await client.get(f"{API}/spaces/{id_}"), 404, "not-found")


async def test_a_key_kept_to_one_space_sees_no_other(
    client: httpx2.AsyncClient, house: House
) -> None:
    mine, other = await new_space(client, "mine"), await new_space(client, "other")
    kept = await house.client(space_ids=[mine])
    listed = (await kept.get(f"{API}/spaces")).json()["items"]
    assert [one["id"] for one in listed] == [mine]
    problem(await kept.get(f"{API}/spaces/{other}"), 404, "not-found")
    refused = problem(
        await kept.post(f"{API}/spaces", json={"name": "x"}), 403, "insufficient-scope"
    )
    assert "on every space" in refused["detail"]


async def test_deleting_a_space_hides_it_and_leads_to_the_receipt(
    client: httpx2.AsyncClient,
) -> None:
    space = await new_space(client)
    gone = await client.delete(f"{API}/spaces/{space}")
    assert (gone.status_code, gone.content) == (204, b"")
    problem(await client.get(f"{API}/spaces/{space}"), 404, "not-found")
    receipt = await client.get(gone.headers["location"])
    assert receipt.json()["subject"] == "space"


async def test_a_deletion_shows_its_receipt_when_that_is_preferred(
    client: httpx2.AsyncClient,
) -> None:
    space = await new_space(client)
    header = {"Prefer": "respond-async, return=representation"}
    gone = await client.delete(f"{API}/spaces/{space}", headers=header)
    assert gone.status_code == 200
    assert gone.headers["preference-applied"] == "return=representation"
    assert gone.json()["id"] == space


async def test_a_deletion_of_another_revision_is_refused(client: httpx2.AsyncClient) -> None:
    space = await new_space(client)
    refused = await client.delete(f"{API}/spaces/{space}", headers={"If-Match": '"old"'})
    problem(refused, 412, "stale-etag")
    assert (await client.get(f"{API}/spaces/{space}")).status_code == 200
