from typing import Any

import httpx2
import pytest

from tests.app.web.house import API, new_document, new_space, problem


@pytest.fixture
async def space(client: httpx2.AsyncClient) -> str:
    return await new_space(client)


LISTINGS: list[tuple[Any, set[str]]] = [
    ({"status": "ready"}, {"a", "b"}),
    ({"status": "failed"}, set()),
    ({"type": "text/markdown"}, {"a", "b"}),
    ({"type": "application/pdf"}, set()),
    ({"tag": "common"}, {"a", "b"}),
    ([("tag", "common"), ("tag", "only-a")], {"a"}),
    ({"metadata.year": "2024"}, {"a"}),
    ({"metadata.year": '"2024"'}, {"b"}),
    ({"metadata.open": "true"}, {"a"}),
    ({"metadata.name": "plain words"}, {"b"}),
    ({"metadata.none": "x"}, set()),
    ({"filter": '{"field": "metadata.year", "op": "gte", "value": 2000}'}, {"a"}),
    (
        {"filter": '{"or": [{"field": "tags", "op": "eq", "value": "only-a"}]}', "tag": "common"},
        {"a"},
    ),
]


async def test_a_list_is_filtered_by_all_that_is_asked(
    client: httpx2.AsyncClient, space: str
) -> None:
    ids = {
        await new_document(
            client, space, b"alpha one", tags="common, only-a", metadata='{"year":2024,"open":true}'
        ): "a",
        await new_document(
            client,
            space,
            b"beta two",
            tags="common",
            metadata='{"year":"2024","name":"plain words"}',
        ): "b",
    }
    for params, wanted in LISTINGS:
        listed = await client.get(f"{API}/spaces/{space}/documents", params=params)
        assert listed.status_code == 200, listed.text
        assert {ids[one["id"]] for one in listed.json()["items"]} == wanted, params


@pytest.mark.parametrize(
    ("params", "pointer"),
    [
        ({"status": "lost"}, "query:status"),
        ({"filter": "{"}, "query:filter"),
        ({"filter": '{"field": "x"}'}, "query:filter"),
        ({"filter": '{"and": []}'}, "query:filter/and"),
        ({"colour": "red"}, "query:"),
        ({f"metadata.{n}": "x" for n in range(6)}, "query:"),
        ({"metadata.k": "x" * 201}, "query:"),
        ({"tag": "t" * 101}, "query:tag/0"),
        ({"limit": "many"}, "query:limit"),
        ({"order": "up"}, "query:order"),
    ],
    ids=str,
)
async def test_a_list_asked_for_wrongly_is_refused(
    client: httpx2.AsyncClient, space: str, params: dict[str, str], pointer: str
) -> None:
    refused = await client.get(f"{API}/spaces/{space}/documents", params=params)
    [told] = problem(refused, 422, "invalid-input")["errors"]
    assert told["pointer"] == pointer
