from dataclasses import replace
from typing import Any

import httpx2
import pytest

from app.core.kinds import DOCUMENTS, PROGRESS
from app.core.models import DEFAULT_TENANT, DocumentStatus, Partition, Progress
from app.core.ports import Put
from tests.app.web.house import (
    API,
    LEAVE,
    House,
    erased,
    new_document,
    new_space,
    problem,
    settled,
)

ABSENT = "doc_00000000000000000000000000"


@pytest.fixture
async def space(client: httpx2.AsyncClient) -> str:
    return await new_space(client)


async def test_an_upload_is_accepted_then_read(client: httpx2.AsyncClient, space: str) -> None:
    sent = {"file": ("leave.md", LEAVE)}
    fields = {"title": "Leave", "tags": '["hr", "hr"]', "metadata": '{"year": 2026}'}
    made = await client.post(f"{API}/spaces/{space}/documents", files=sent, data=fields)
    assert made.status_code == 202
    assert made.headers["retry-after"] == "1"
    assert made.json()["status"] == "pending"
    assert made.headers["location"] == f"{API}/documents/{made.json()['id']}"
    found = await settled(client, made.json()["id"])
    assert found["status"] == "ready"
    assert (found["title"], found["filename"]) == ("Leave", "leave.md")
    assert (found["tags"], found["metadata"]) == (["hr"], {"year": 2026})
    assert (found["version"], found["current_version"]) == (1, 1)
    assert (found["content_type"], found["size_bytes"]) == ("text/markdown", len(LEAVE))
    assert found["versions"][0]["passages"] == found["passages"] == 1


async def test_the_same_content_is_held_once_a_space(
    client: httpx2.AsyncClient, space: str
) -> None:
    first = await new_document(client, space)
    again = await client.post(
        f"{API}/spaces/{space}/documents", files={"file": ("other.md", LEAVE)}
    )
    assert (again.status_code, again.json()["id"]) == (200, first)
    assert again.headers["location"] == f"{API}/documents/{first}"


async def test_a_document_is_found_below_its_space_and_by_itself(
    client: httpx2.AsyncClient, space: str
) -> None:
    document = await new_document(client, space)
    other = await new_space(client, "other")
    flat = await client.get(f"{API}/documents/{document}")
    nested = await client.get(f"{API}/spaces/{space}/documents/{document}")
    assert flat.json() == nested.json()
    for method in ("GET", "DELETE"):
        wrong = await client.request(method, f"{API}/spaces/{other}/documents/{document}")
        problem(wrong, 404, "not-found")
    gone = await client.delete(f"{API}/spaces/{space}/documents/{document}")
    assert gone.status_code == 204
    problem(await client.get(f"{API}/documents/{document}"), 404, "not-found")


async def test_a_description_changes_under_its_etag_only(
    client: httpx2.AsyncClient, space: str
) -> None:
    document = await new_document(client, space, title="Old", tags="t")
    where = f"{API}/documents/{document}"
    etag = (await client.get(where)).headers["etag"]
    problem(await client.patch(where, json={"title": "New"}), 428, "precondition-required")
    changed = await client.patch(where, json={"title": "New"}, headers={"If-Match": etag})
    assert (changed.json()["title"], changed.json()["tags"]) == ("New", ["t"])
    refused = await client.patch(where, json={"title": "Newer"}, headers={"If-Match": etag})
    problem(refused, 412, "stale-etag")
    wrong = await client.patch(where, json={"filename": "x"}, headers={"If-Match": "*"})
    problem(wrong, 422, "invalid-input")
    same = await client.get(where, headers={"If-None-Match": changed.headers["etag"]})
    assert same.status_code == 304


async def test_a_new_version_takes_over_when_it_is_read(
    client: httpx2.AsyncClient, space: str
) -> None:
    document = await new_document(client, space)
    where = f"{API}/documents/{document}"
    sent = {"file": ("leave2.md", b"# Leave\n\nThirty days.\n")}
    made = await client.post(f"{where}/versions", files=sent)
    assert (made.status_code, made.json()["version"]) == (202, 2)
    found = await settled(client, document)
    assert (found["version"], found["current_version"]) == (2, 2)
    assert [one["number"] for one in found["versions"]] == [1, 2]
    again = await client.post(f"{where}/versions", files=sent)
    assert (again.status_code, again.json()["version"]) == (200, 2)


async def test_a_version_on_another_revision_or_with_fields_is_refused(
    client: httpx2.AsyncClient, space: str
) -> None:
    where = f"{API}/documents/{await new_document(client, space)}/versions"
    sent = {"file": ("l.md", b"new")}
    stale = await client.post(where, files=sent, headers={"If-Match": '"old"'})
    problem(stale, 412, "stale-etag")
    refused = await client.post(where, files=sent, data={"title": "x"})
    [told] = problem(refused, 422, "invalid-input")["errors"]
    assert told["pointer"] == "/title"


async def test_a_document_is_read_again(client: httpx2.AsyncClient, space: str) -> None:
    document = await new_document(client, space)
    again = await client.post(f"{API}/documents/{document}/reindex")
    assert (again.status_code, again.json()["status"]) == (202, "pending")
    assert (await settled(client, document))["status"] == "ready"


async def test_a_file_that_cannot_be_read_fails_with_its_reason(
    client: httpx2.AsyncClient, space: str
) -> None:
    sent = {"file": ("broken.pdf", b"%PDF-1.7\nnothing of the kind")}
    made = await client.post(f"{API}/spaces/{space}/documents", files=sent)
    found = await settled(client, made.json()["id"])
    assert (found["status"], found["reason"]) == ("failed", "malformed")
    refused = await client.get(f"{API}/documents/{made.json()['id']}/text")
    assert "failed" in problem(refused, 425, "not-ready")["detail"]


async def test_deleting_hides_at_once_and_the_receipt_completes(
    client: httpx2.AsyncClient, space: str
) -> None:
    document = await new_document(client, space)
    stale = await client.delete(f"{API}/documents/{document}", headers={"If-Match": '"x"'})
    problem(stale, 412, "stale-etag")
    gone = await client.delete(f"{API}/documents/{document}")
    problem(await client.get(f"{API}/documents/{document}"), 404, "not-found")
    receipt = await erased(client, gone)
    assert receipt["removed"]["passages"] == 1
    assert set(receipt["remaining"].values()) == {0}


async def test_a_foreign_document_is_indistinguishable_from_a_missing_one(
    client: httpx2.AsyncClient, stranger: httpx2.AsyncClient, space: str
) -> None:
    document = await new_document(client, space)
    own = await new_space(stranger)
    for path in ("", "/content", "/text", "/versions", "/reindex"):
        told = []
        for id_ in (document, ABSENT):
            method = "POST" if path in ("/versions", "/reindex") else "GET"
            more: dict[str, Any] = (
                {"files": {"file": ("x.md", b"x")}} if path == "/versions" else {}
            )
            refused = await stranger.request(method, f"{API}/documents/{id_}{path}", **more)
            told.append({**problem(refused, 404, "not-found"), "request_id": "", "instance": ""})
        assert told[0] == told[1]
    for target in (f"{API}/spaces/{space}/documents", f"{API}/spaces/{own}/documents/{document}"):
        problem(await stranger.get(target), 404, "not-found")
    sent = {"file": ("x.md", b"x")}
    refused = await stranger.post(f"{API}/spaces/{space}/documents", files=sent)
    problem(refused, 404, "not-found")


async def test_a_key_kept_to_another_space_does_not_reach_a_document(
    client: httpx2.AsyncClient, house: House, space: str
) -> None:
    document = await new_document(client, space)
    kept = await house.client(space_ids=[await new_space(client, "other")])
    problem(await kept.get(f"{API}/documents/{document}"), 404, "not-found")
    problem(await kept.delete(f"{API}/documents/{document}"), 404, "not-found")


async def test_the_progress_changes_the_copy_but_not_the_revision(
    client: httpx2.AsyncClient, house: House, space: str
) -> None:
    document = await new_document(client, space)
    records, place = house.services.ports.records, Partition(DEFAULT_TENANT, space)
    stored = await records.get(DOCUMENTS, place, document)
    assert stored is not None
    version = replace(stored.value.latest, status=DocumentStatus.PROCESSING)
    await records.commit(
        place, Put(kind=DOCUMENTS, value=replace(stored.value, versions=(version,)))
    )
    seen = set()
    for fraction in (0.2, 0.4):
        told = Progress(id=document, version=1, stage="reading", fraction=fraction)
        await records.commit(place, Put(kind=PROGRESS, value=told))
        found = await client.get(f"{API}/documents/{document}")
        assert found.json()["progress"] == {"stage": "reading", "fraction": fraction}
        seen.add(found.headers["etag"])
    assert len(seen) == 2
    changed = await client.patch(
        f"{API}/documents/{document}", json={"title": "x"}, headers={"If-Match": seen.pop()}
    )
    assert changed.status_code == 200
