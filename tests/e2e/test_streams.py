"""Answers that are listened to as they are written."""

import json
from typing import Any

import httpx2

from tests.e2e.steps import DAYS, LEAVE, new_space, ready, refused


async def _events(response: httpx2.Response, most: int | None = None) -> list[dict[str, Any]]:
    """Read a stream of events, up to its end or so many."""
    found: list[dict[str, Any]] = []
    fields: dict[str, str] = {}
    async for line in response.aiter_lines():
        if line.startswith(":"):
            continue
        if line:
            name, _, value = line.partition(": ")
            fields[name] = value
        elif fields:
            found.append({**fields, "data": json.loads(fields["data"])})
            fields = {}
            if most is not None and len(found) == most:
                break
    return found


async def test_a_stream_that_is_cut_is_resumed_without_a_gap_and_without_a_repetition(
    admin: httpx2.AsyncClient,
) -> None:
    space = await new_space(admin)
    await ready(admin, space, LEAVE)
    asked = {"space_ids": [space], "question": DAYS}
    query = (await admin.post("/queries", json=asked)).json()["id"]
    path = f"/queries/{query}/events"
    async with admin.stream("GET", path) as response:
        first = await _events(response, most=1)
    async with admin.stream("GET", path, headers={"Last-Event-ID": first[-1]["id"]}) as response:
        rest = await _events(response)
    async with admin.stream("GET", path) as response:
        whole = await _events(response)
    assert [one["id"] for one in (*first, *rest)] == [one["id"] for one in whole]
    assert whole[-1]["event"] == "done"
    said = " ".join(one["data"]["text"] for one in whole if one["event"] == "sentence")
    assert "twenty-five" in said


async def test_a_question_is_answered_as_a_stream_at_once(admin: httpx2.AsyncClient) -> None:
    space = await new_space(admin)
    await ready(admin, space, LEAVE)
    asked = {"space_ids": [space], "question": DAYS}
    headers = {"Accept": "text/event-stream"}
    async with admin.stream("POST", "/queries", json=asked, headers=headers) as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        found = await _events(response)
    assert [one["event"] for one in found][-1] == "done"
    assert {"passages", "sentence"} <= {one["event"] for one in found}


async def test_a_stream_of_nothing_is_refused_before_it_begins(admin: httpx2.AsyncClient) -> None:
    told = await admin.get("/queries/qry_00000000000000000000000000/events")
    refused(told, 404, "not-found")
