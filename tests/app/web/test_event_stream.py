import asyncio
from collections.abc import AsyncIterator

import httpx2
import pytest

from app.core.errors import InvalidInputError, UnavailableError
from app.core.live import Event
from app.web.event_stream import EventStream, encoded, resumed_after
from tests.app.web.house import API, QUESTION, House, new_document, new_space, problem
from tests.app.web.listening import SSE, Line, asked_then_heard, events


async def stream(told: AsyncIterator[Event], line: Line, heartbeat_s: float = 15.0) -> None:
    response = EventStream(told, heartbeat_s=heartbeat_s)
    await response({"type": "http", "headers": []}, line.receive, line.send)


async def test_an_answer_is_told_in_order_and_ends_with_done(client: httpx2.AsyncClient) -> None:
    space = await new_space(client)
    await new_document(client, space)
    asked = {"space_ids": [space], "question": QUESTION}
    told = await client.post(f"{API}/queries", json=asked, headers=SSE)
    assert told.status_code == 200
    assert told.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert told.headers["cache-control"] == "no-store"
    assert told.headers["x-accel-buffering"] == "no"
    found = events(told.text)
    assert [number for number, _, _ in found] == list(range(1, len(found) + 1))
    assert [name for _, name, _ in found] == ["status", "passages", "sentence", "done"]
    assert all(data["type"] == name for _, name, data in found)
    result = (await client.get(f"{told.headers['location']}/result")).json()
    assert found[2][2]["new_citations"] == result["citations"]
    assert found[2][2]["text"] == result["sentences"][0]["text"]


async def test_who_comes_back_gets_exactly_what_was_missed(client: httpx2.AsyncClient) -> None:
    space = await new_space(client)
    await new_document(client, space)
    asked = {"space_ids": [space], "question": QUESTION}
    first = await client.post(f"{API}/queries", json=asked, headers=SSE)
    whole = events(first.text)
    where = f"{first.headers['location']}/events"
    for seen in range(len(whole)):
        rest = await client.get(where, headers={"Last-Event-ID": str(seen)})
        assert events(rest.text) == whole[seen:]
    late = await client.get(where, headers={"Last-Event-ID": "99"})
    assert [name for _, name, _ in events(late.text)] == ["done"]


@pytest.mark.parametrize("given", ["x", "-1", "1.5", "9" * 10])
async def test_an_event_id_that_is_none_is_refused_before_the_stream(
    client: httpx2.AsyncClient, given: str
) -> None:
    with pytest.raises(InvalidInputError):
        resumed_after(given)
    asked = {"space_ids": [await new_space(client)], "question": QUESTION}
    where = (await client.post(f"{API}/queries", json=asked)).headers["location"]
    refused = await client.get(f"{where}/events", headers={"Last-Event-ID": given})
    [told] = problem(refused, 422, "invalid-input")["errors"]
    assert told["pointer"] == "header:Last-Event-ID"


async def test_a_stream_that_cannot_begin_is_a_problem(client: httpx2.AsyncClient) -> None:
    absent = {"space_ids": ["spc_" + "0" * 26], "question": QUESTION}
    problem(await client.post(f"{API}/queries", json=absent, headers=SSE), 404, "not-found")
    wrong = {"space_ids": ["x"], "question": QUESTION}
    problem(await client.post(f"{API}/queries", json=wrong, headers=SSE), 422, "invalid-input")
    events_ = f"{API}/queries/qry_{'0' * 26}/events"
    problem(await client.get(events_, headers=SSE), 404, "not-found")
    fussy = {"Accept": "image/png"}
    space = await new_space(client)
    asked = {"space_ids": [space], "question": QUESTION}
    problem(await client.post(f"{API}/queries", json=asked, headers=fussy), 406, "not-acceptable")
    assert (await client.get(f"{API}/queries?space_id={space}")).json()["items"] == []


async def test_a_quiet_stream_shows_signs_of_life(idle: House) -> None:
    client = await idle.client()
    asked = {"space_ids": [await new_space(client)], "question": QUESTION}
    line = Line()
    call = line.calls(idle, client, f"{API}/queries", asked)
    await line.until(": still here\n\n: still here\n\n")
    assert line.status == 200
    line.leave()
    await call


async def test_who_listens_hears_of_the_cancelling(idle: House) -> None:
    client = await idle.client()
    where, line, call = await asked_then_heard(idle, client)
    await client.delete(where)
    await call
    assert line.ended
    last = events(line.text)[-1]
    assert (last[1], last[2]["status"]) == ("done", "cancelled")


async def test_a_fault_in_the_stream_is_its_last_event(caplog: pytest.LogCaptureFixture) -> None:
    async def broken(error: Exception) -> AsyncIterator[Event]:
        yield Event(1, "status", {})
        raise error

    for error, code in (
        (UnavailableError(dependency="index"), "unavailable"),
        (RuntimeError("secret"), "internal-error"),
    ):
        line = Line()
        await stream(broken(error), line)
        number, name, data = events(line.text)[-1]
        assert (number, name, data["code"]) == (2, "error", code)
        assert data["problem"]["type"] == f"/problems/{code}"
        assert "secret" not in line.text
        assert line.ended
    assert "secret" in caplog.text


async def test_a_query_that_failed_ends_its_stream_with_a_problem() -> None:
    async def failed() -> AsyncIterator[Event]:
        reason = {"query_id": "q", "code": "query-failed", "reason": "attempts-exhausted"}
        yield Event(4, "error", reason)

    line = Line()
    await stream(failed(), line)
    [(number, name, data)] = events(line.text)
    assert (number, name, data["query_id"]) == (4, "error", "q")
    assert data["reason"] == "attempts-exhausted"
    assert "attempts-exhausted" in data["problem"]["detail"]


async def test_leaving_closes_the_events(caplog: pytest.LogCaptureFixture) -> None:
    closed = asyncio.Event()

    async def endless() -> AsyncIterator[Event]:
        try:
            yield Event(1, "status", {})
            await asyncio.Event().wait()
        finally:
            closed.set()

    line = Line()
    streaming = asyncio.create_task(stream(endless(), line))
    await line.until("status")
    line.leave()
    await asyncio.wait_for(streaming, 60)
    assert closed.is_set()
    assert caplog.text == ""


def test_data_with_line_breaks_stays_one_line() -> None:
    told = encoded(Event(7, "sentence", {"text": "a\r\nb\n\nevent: done"}))
    assert told.count(b"\n") == 4
    assert events(told.decode()) == [
        (7, "sentence", {"type": "sentence", "text": "a\r\nb\n\nevent: done"})
    ]
