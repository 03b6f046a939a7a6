from typing import Any

import httpx2
import pytest

from tests.app.web.house import (
    API,
    QUESTION,
    House,
    answered,
    new_document,
    new_space,
    once,
    problem,
)

ABSENT = "qry_00000000000000000000000000"


@pytest.fixture
async def space(client: httpx2.AsyncClient) -> str:
    space = await new_space(client)
    await new_document(client, space)
    return space


async def ended(client: httpx2.AsyncClient, query_id: str) -> dict[str, Any]:
    where = f"{API}/queries/{query_id}"
    return await once(client, where, lambda found: found["status"] not in ("pending", "processing"))


async def test_a_question_is_accepted_then_answered_with_checked_citations(
    client: httpx2.AsyncClient, space: str
) -> None:
    asked = {"space_ids": [space], "question": QUESTION}
    told = await client.post(f"{API}/queries", json=asked)
    assert told.status_code == 202
    assert told.headers["retry-after"] == "1"
    where = told.headers["location"]
    assert (await ended(client, told.json()["id"]))["status"] == "completed"
    result = (await client.get(f"{where}/result")).json()
    assert result["band"] == "answer"
    assert "twenty-five" in result["answer"]
    [sentence] = result["sentences"]
    assert (sentence["citations"], sentence["supported"]) == ([1], True)
    [citation] = result["citations"]
    check = (await client.get(f"{where}/citations/1/verify")).json()
    assert check["matches"] is True
    assert check["text"] == citation["quote"] == sentence["text"]
    assert check["sha256"] == citation["sha256"]
    [source] = result["sources"]
    assert source["content_preview"] == citation["quote"]


async def test_who_prefers_to_wait_gets_the_result_at_once(
    client: httpx2.AsyncClient, space: str
) -> None:
    asked = {"space_id": space, "question": QUESTION}
    told = await client.post(f"{API}/queries", json=asked, headers={"Prefer": "wait=60"})
    assert told.status_code == 200
    assert told.headers["preference-applied"] == "wait=60"
    assert told.json()["status"] == "completed"
    below = await client.post(
        f"{API}/spaces/{space}/query", json={"question": QUESTION}, headers={"Prefer": "wait=60"}
    )
    assert below.json()["answer"] == told.json()["answer"]


@pytest.mark.parametrize("prefer", ["wait=0", "wait=x", "wait=-1", "respond-async", "wait"])
async def test_who_does_not_want_to_wait_is_not_kept_waiting(
    client: httpx2.AsyncClient, space: str, prefer: str
) -> None:
    asked = {"space_id": space, "question": QUESTION}
    told = await client.post(f"{API}/queries", json=asked, headers={"Prefer": prefer})
    assert told.status_code == 202
    assert "preference-applied" not in told.headers


async def test_a_result_is_too_early_until_it_is_there(idle: House) -> None:
    client = await idle.client()
    asked = {"space_id": await new_space(client), "question": QUESTION}
    told = await client.post(f"{API}/queries", json=asked, headers={"Prefer": "wait=1"})
    assert (told.status_code, told.json()["status"]) == (202, "pending")
    for headers in ({}, {"Prefer": "wait=1"}):
        early = await client.get(f"{told.headers['location']}/result", headers=headers)
        assert "pending" in problem(early, 425, "not-ready")["detail"]
        assert early.headers["retry-after"] == "1"


async def test_a_result_that_is_waited_for_comes_and_its_copy_is_good(
    client: httpx2.AsyncClient, space: str
) -> None:
    told = await client.post(f"{API}/queries", json={"space_id": space, "question": QUESTION})
    where = f"{told.headers['location']}/result"
    found = await client.get(where, headers={"Prefer": "wait=60"})
    assert found.status_code == 200
    same = await client.get(where, headers={"If-None-Match": found.headers["etag"]})
    assert (same.status_code, same.content) == (304, b"")


async def test_a_question_that_the_sources_do_not_hold_is_refused_honestly(
    client: httpx2.AsyncClient, space: str
) -> None:
    result = await answered(client, space, "Which volcano erupted near Reykjavik?")
    assert result["band"] in ("closest", "nothing")
    assert (result["sentences"], result["answer"]) == ([], "")


async def test_a_filter_keeps_documents_out(client: httpx2.AsyncClient, space: str) -> None:
    where = {"field": "metadata.year", "op": "gt", "value": 2000}
    asked = {"space_id": space, "question": QUESTION, "filter": where}
    told = await client.post(f"{API}/queries", json=asked, headers={"Prefer": "wait=60"})
    assert told.json()["band"] == "nothing"


BAD: list[tuple[dict[str, Any], str]] = [
    ({}, ""),
    ({"space_id": "SPACE", "space_ids": ["SPACE"]}, ""),
    ({"space_ids": []}, "/space_ids"),
    ({"space_ids": ["x"]}, "/space_ids/0"),
    ({"space_ids": ["SPACE"] * 21}, "/space_ids"),
    ({"space_id": "SPACE", "question": ""}, "/question"),
    ({"space_id": "SPACE", "question": "q" * 2001}, "/question"),
    ({"space_id": "SPACE", "question": "a\0b"}, "/question"),
    ({"space_id": "SPACE", "top_k": 0}, "/top_k"),
    ({"space_id": "SPACE", "top_k": 51}, "/top_k"),
    ({"space_id": "SPACE", "top_k": "5"}, "/top_k"),
    ({"space_id": "SPACE", "top_k": True}, "/top_k"),
    ({"space_id": "SPACE", "language": "de"}, "/language"),
    ({"space_id": "SPACE", "parameters": {}}, "/parameters"),
    ({"space_id": "SPACE", "filter": []}, "/filter"),
    ({"space_id": "SPACE", "filter": {"field": "x"}}, "/filter"),
    ({"space_id": "SPACE", "filter": {"field": "x", "op": "like", "value": 1}}, "/filter/op"),
    ({"space_id": "SPACE", "filter": {"and": [{"or": []}]}}, "/filter/and/0/or"),
]


async def test_a_question_asked_wrongly_is_refused_with_a_pointer(
    client: httpx2.AsyncClient, space: str
) -> None:
    for sent, pointer in BAD:
        filled = {"question": QUESTION, **sent}
        if filled.get("space_id"):
            filled["space_id"] = space
        if "SPACE" in filled.get("space_ids", []):
            filled["space_ids"] = [space] * len(filled["space_ids"])
        refused = await client.post(f"{API}/queries", json=filled)
        errors = problem(refused, 422, "invalid-input")["errors"]
        assert [one["pointer"] for one in errors] == [pointer], sent


async def test_a_foreign_query_is_indistinguishable_from_a_missing_one(
    client: httpx2.AsyncClient, stranger: httpx2.AsyncClient, house: House, space: str
) -> None:
    query_id = (await answered(client, space))["id"]
    kept = await house.client(space_ids=[await new_space(client, "other")])
    paths = ("", "/result", "/events", "/explain", "/citations/1/verify")
    for caller in (stranger, kept):
        for path in paths:
            told = []
            for id_ in (query_id, ABSENT):
                refused = await caller.get(f"{API}/queries/{id_}{path}")
                told.append({**problem(refused, 404, "not-found"), "request_id": 0, "instance": 0})
            assert told[0] == told[1]
        problem(await caller.delete(f"{API}/queries/{query_id}"), 404, "not-found")
        judged = await caller.post(f"{API}/queries/{query_id}/feedback", json={"rating": 1})
        problem(judged, 404, "not-found")
        asked = {"space_ids": [space], "question": QUESTION}
        problem(await caller.post(f"{API}/queries", json=asked), 404, "not-found")
        problem(await caller.get(f"{API}/queries?space_id={space}"), 404, "not-found")


async def test_a_query_that_ended_cannot_be_cancelled(
    client: httpx2.AsyncClient, space: str
) -> None:
    query_id = (await answered(client, space))["id"]
    refused = await client.delete(f"{API}/queries/{query_id}")
    assert "completed" in problem(refused, 409, "conflict")["detail"]
    french = await client.delete(f"{API}/queries/{query_id}", headers={"Accept-Language": "fr"})
    assert "la question est" in problem(french, 409, "conflict")["detail"]
    stale = await client.delete(f"{API}/queries/{query_id}", headers={"If-Match": '"x"'})
    problem(stale, 412, "stale-etag")


async def test_a_cancelled_query_has_no_result(idle: House) -> None:
    client = await idle.client()
    asked = {"space_id": await new_space(client), "question": QUESTION}
    where = (await client.post(f"{API}/queries", json=asked)).headers["location"]
    assert (await client.delete(where)).status_code == 204
    assert (await client.delete(where)).status_code == 204
    assert (await client.get(where)).json()["status"] == "cancelled"
    result = await client.get(f"{where}/result")
    assert "cancelled" in problem(result, 409, "query-failed")["detail"]


async def test_an_answer_is_explained_and_judged(client: httpx2.AsyncClient, space: str) -> None:
    query_id = (await answered(client, space))["id"]
    explained = (await client.get(f"{API}/queries/{query_id}/explain")).json()
    assert explained["candidates"][0]["used"] is True
    assert explained["stages_ms"]
    judged = await client.post(
        f"{API}/queries/{query_id}/feedback", json={"rating": -1, "comment": "too short"}
    )
    assert (judged.status_code, judged.json()["rating"]) == (201, -1)
    for bad in ({"rating": 0}, {"rating": "1"}, {"rating": 1, "comment": "c" * 2001}, {}):
        refused = await client.post(f"{API}/queries/{query_id}/feedback", json=bad)
        problem(refused, 422, "invalid-input")


async def test_a_citation_that_is_not_there_or_whose_source_is_gone_says_so(
    client: httpx2.AsyncClient, space: str
) -> None:
    result = await answered(client, space)
    where = f"{API}/queries/{result['id']}/citations"
    problem(await client.get(f"{where}/99/verify"), 404, "not-found")
    problem(await client.get(f"{where}/x/verify"), 422, "invalid-input")
    await client.delete(f"{API}/documents/{result['citations'][0]['document_id']}")
    problem(await client.get(f"{where}/1/verify"), 410, "source-deleted")


async def test_queries_are_listed_below_their_space_by_state(
    client: httpx2.AsyncClient, space: str
) -> None:
    ids = [(await answered(client, space))["id"] for _ in range(3)]
    listed = await client.get(f"{API}/queries?space_id={space}&order=desc&limit=2")
    assert [one["id"] for one in listed.json()["items"]] == ids[:0:-1]
    none = await client.get(f"{API}/queries?space_id={space}&status=failed")
    assert none.json()["items"] == []
    [told] = problem(await client.get(f"{API}/queries"), 422, "invalid-input")["errors"]
    assert told == {"pointer": "query:space_id", "detail": "is required"}


async def test_a_question_may_be_asked_of_several_spaces(
    client: httpx2.AsyncClient, space: str
) -> None:
    other = await new_space(client, "other")
    await new_document(client, other, b"Contractors are paid on the last Friday of the month.")
    for question, holder in (
        (QUESTION, space),
        ("When are contractors paid?", other),
    ):
        asked = {"space_ids": [space, other], "question": question}
        told = await client.post(f"{API}/queries", json=asked, headers={"Prefer": "wait=60"})
        assert holder in {one["space_id"] for one in told.json()["citations"]}
