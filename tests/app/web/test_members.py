"""Spaces that are their members' only."""

import asyncio
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest

from app.core.models import Scope
from app.settings import Settings
from tests.app.web.house import (
    API,
    QUESTION,
    House,
    answered,
    new_document,
    new_space,
    problem,
    settled,
)

EVERYDAY = [scope for scope in Scope if scope is not Scope.ADMIN_ALL]


@dataclass(frozen=True)
class Person:
    """Somebody with a key."""

    client: httpx2.AsyncClient

    @property
    def id(self) -> str:
        return "key:" + self.client.headers["X-API-Key"].split("_")[1]


async def person(house: House, scopes: Sequence[Scope] = EVERYDAY) -> Person:
    return Person(await house.client(scopes=scopes))


async def closed_space(owner: Person) -> str:
    made = await owner.client.post(f"{API}/spaces", json={"name": "Board", "visibility": "members"})
    assert made.status_code == 201, made.text
    return str(made.json()["id"])


async def admit(owner: Person, space_id: str, who: Person, role: str) -> None:
    where = f"{API}/spaces/{space_id}/members/{who.id}"
    assert (await owner.client.put(where, json={"role": role})).json()["role"] == role


async def listed(who: Person) -> list[str]:
    return [one["id"] for one in (await who.client.get(f"{API}/spaces")).json()["items"]]


async def test_a_members_space_is_there_for_its_members_and_administrators_only(
    house: House, client: httpx2.AsyncClient
) -> None:
    owner, colleague = await person(house), await person(house)
    space_id = await closed_space(owner)
    open_id = await new_space(owner.client)
    problem(await colleague.client.get(f"{API}/spaces/{space_id}"), 404, "not-found")
    assert await listed(colleague) == [open_id]
    assert (await client.get(f"{API}/spaces/{space_id}")).status_code == 200
    await admit(owner, space_id, colleague, "reader")
    assert (await colleague.client.get(f"{API}/spaces/{space_id}")).status_code == 200
    assert sorted(await listed(colleague)) == sorted([space_id, open_id])


async def test_a_role_says_what_a_member_may_do_and_is_named_in_both_languages(
    house: House,
) -> None:
    owner, reader = await person(house), await person(house)
    space_id = await closed_space(owner)
    await admit(owner, space_id, reader, "reader")
    where = f"{API}/spaces/{space_id}"
    said = problem(await reader.client.delete(where), 403, "insufficient-role")
    assert "(reader) does not allow spaces:write" in said["detail"]
    refused = await reader.client.delete(where, headers={"Accept-Language": "fr"})
    assert "(reader) ne permet pas spaces:write" in refused.json()["detail"]
    await admit(owner, space_id, reader, "manager")
    assert (await reader.client.delete(where)).status_code == 204


async def test_a_role_never_widens_a_credential(house: House) -> None:
    owner, reader = await person(house), await person(house, [Scope.SPACES_READ])
    space_id = await closed_space(owner)
    await admit(owner, space_id, reader, "manager")
    refused = await reader.client.delete(f"{API}/spaces/{space_id}")
    problem(refused, 403, "insufficient-scope")


async def test_whoever_is_shut_out_is_out_at_once_and_gets_no_remembered_answer(
    house: House,
) -> None:
    owner, colleague = await person(house), await person(house)
    space_id = await closed_space(owner)
    await admit(owner, space_id, colleague, "contributor")
    where, same = f"{API}/spaces/{space_id}/documents", {"Idempotency-Key": "once"}
    file = {"file": ("leave.md", b"# Leave\n\nTwenty-five days.\n")}
    made = await colleague.client.post(where, files=file, headers=same)
    again = await colleague.client.post(where, files=file, headers=same)
    assert (made.status_code, again.headers["idempotency-replayed"]) == (202, "true")
    await settled(owner.client, made.json()["id"])
    removed = await owner.client.delete(f"{API}/spaces/{space_id}/members/{colleague.id}")
    assert removed.status_code == 204
    problem(await colleague.client.post(where, files=file, headers=same), 404, "not-found")
    for path in ("", "/text", "/content"):
        found = await colleague.client.get(f"{API}/documents/{made.json()['id']}{path}")
        problem(found, 404, "not-found")


async def test_a_question_to_several_spaces_needs_every_one_of_them_open_then_and_later(
    house: House,
) -> None:
    owner, colleague = await person(house), await person(house)
    space_id, open_id = await closed_space(owner), await new_space(owner.client)
    await new_document(owner.client, space_id)
    asked = {"space_ids": [open_id, space_id], "question": QUESTION}
    problem(await colleague.client.post(f"{API}/queries", json=asked), 404, "not-found")
    await admit(owner, space_id, colleague, "reader")
    told = await colleague.client.post(f"{API}/queries", json=asked, headers={"Prefer": "wait=60"})
    where = f"{API}/queries/{told.json()['id']}"
    assert told.json()["citations"], told.text
    await owner.client.delete(f"{API}/spaces/{space_id}/members/{colleague.id}")
    for path in ("", "/result", "/events", "/explain", "/citations/1/verify"):
        problem(await colleague.client.get(where + path), 404, "not-found")
    page = await colleague.client.get(f"{API}/queries?space_id={open_id}")
    assert page.json()["items"] == []


async def test_the_receipt_of_a_members_space_stays_theirs_when_the_space_is_gone(
    house: House, settings: Settings
) -> None:
    owner, colleague = await person(house), await person(house)
    space_id = await closed_space(owner)
    document_id = await new_document(owner.client, space_id)
    await answered(owner.client, space_id)
    await owner.client.delete(f"{API}/documents/{document_id}")
    await owner.client.delete(f"{API}/spaces/{space_id}")
    await erased(settings.data_dir, space_id)
    for subject in (space_id, document_id):
        where = f"{API}/receipts/{subject}"
        assert (await owner.client.get(where)).status_code == 200
        problem(await colleague.client.get(where), 404, "not-found")


async def erased(folder: Path, space_id: str) -> None:
    """Return when nothing is left of a space but its receipt."""
    with closing(sqlite3.connect(folder / "eva.db")) as database:
        async with asyncio.timeout(60):
            while True:
                here = "SELECT 1 FROM records WHERE kind = 'space' AND id = ?"
                if not database.execute(here, (space_id,)).fetchone():
                    return
                await asyncio.sleep(0.02)


async def test_closing_a_space_leaves_one_who_manages_it_and_replacing_it_does_not_open_it(
    house: House,
) -> None:
    owner = await person(house)
    space_id = await new_space(owner.client)
    where, any_revision = f"{API}/spaces/{space_id}", {"If-Match": "*"}
    shut = await owner.client.patch(where, json={"visibility": "members"}, headers=any_revision)
    assert shut.json()["visibility"] == "members"
    members = (await owner.client.get(f"{where}/members")).json()["items"]
    assert [(one["principal_id"], one["role"]) for one in members] == [(owner.id, "manager")]
    replaced = await owner.client.put(where, json={"name": "Renamed"}, headers=any_revision)
    assert (replaced.json()["name"], replaced.json()["visibility"]) == ("Renamed", "members")
    refused = await owner.client.put(
        where, json={"name": "x", "visibility": None}, headers=any_revision
    )
    problem(refused, 422, "invalid-input")


async def test_members_are_paged_read_and_removed(house: House) -> None:
    owner = await person(house)
    space_id = await closed_space(owner)
    people = [await person(house) for _ in range(3)]
    for one in people:
        await admit(owner, space_id, one, "contributor")
    where = f"{API}/spaces/{space_id}/members"
    seen, page = [], f"{where}?limit=2"
    while page:
        told = (await owner.client.get(page)).json()
        seen += [one["principal_id"] for one in told["items"]]
        page = told["next_cursor"] and f"{where}?limit=2&cursor={told['next_cursor']}"
    assert seen == sorted([owner.id, *(one.id for one in people)])
    found = (await owner.client.get(f"{where}/{people[0].id}")).json()
    assert (found["role"], found["added_by"]) == ("contributor", owner.id)
    assert (await owner.client.delete(f"{where}/{people[0].id}")).status_code == 204
    problem(await owner.client.get(f"{where}/{people[0].id}"), 404, "not-found")
    problem(await owner.client.delete(f"{where}/{people[0].id}"), 404, "not-found")


@pytest.mark.parametrize("who", ["oidc:0123456789ab:a/b|c", "oidc:0123456789ab:alice@example"])
async def test_a_member_known_by_a_token_may_have_any_subject(house: House, who: str) -> None:
    owner = await person(house)
    where = f"{API}/spaces/{await closed_space(owner)}/members/{who}"
    assert (await owner.client.put(where, json={"role": "reader"})).json()["principal_id"] == who
    assert (await owner.client.get(where)).json()["role"] == "reader"


@pytest.mark.parametrize("who", ["alice", "key:short", "oidc:0123456789ab:", "worker"])
async def test_what_is_no_principal_is_no_member(house: House, who: str) -> None:
    owner = await person(house)
    where = f"{API}/spaces/{await closed_space(owner)}/members/{who}"
    assert (await owner.client.put(where, json={"role": "reader"})).status_code in (404, 405)


async def test_who_was_admitted_and_shut_out_is_in_the_trail(
    house: House, client: httpx2.AsyncClient
) -> None:
    owner, colleague = await person(house), await person(house)
    space_id = await closed_space(owner)
    await admit(owner, space_id, colleague, "reader")
    events = await client.get(f"{API}/audit/events?action=putMember&outcome=committed")
    [event] = events.json()["items"]
    assert (event["actor"], event["targets"]) == (owner.id, [f"put space/{space_id}"])
