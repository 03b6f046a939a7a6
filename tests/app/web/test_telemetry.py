"""What arrives at a local ingestion endpoint while the service works."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from app import worker
from app.core.errors import UnavailableError
from app.settings import Settings
from tests.app.adapters.telemetry import sinks
from tests.app.adapters.telemetry.sinks import Sink
from tests.app.web import house as opening
from tests.app.web.house import API, House, answered, new_document, new_space
from tests.peers.programs import free_port

WRITTEN = "what-somebody-wrote"
CALLER = f"00-{'ab' * 16}-{'cd' * 8}-00"


@pytest.fixture
def sink() -> Iterator[Sink]:
    with sinks.listening() as found:
        yield found


@contextlib.asynccontextmanager
async def telling(sink: Sink, folder: Path, **env: str) -> AsyncIterator[House]:
    """The service, its signals sent to the sink at the latest when it is left."""
    given = {
        "EVA_DATA_DIR": str(folder),
        "APPLICATIONINSIGHTS_CONNECTION_STRING": sink.connection,
        "EVA_TRACES_PER_SECOND": "1000",
        "EVA_TELEMETRY_EVERY_S": "600",
        **env,
    }
    async with opening.opened(Settings.load(given)) as house:
        yield house


def rows(sink: Sink, kind: str, name: str) -> list[dict[str, Any]]:
    return [one for one in sink.data(kind) if one["name"] == name]


def sums(sink: Sink, name: str, **labels: str) -> float:
    """The sum of a metric over the series that have these labels."""
    return sum(
        float(one["metrics"][0]["value"])
        for one in sink.data("MetricData")
        if one["metrics"][0]["name"] == name and labels.items() <= one["properties"].items()
    )


async def asked_and_fetched(client: httpx2.AsyncClient, space_id: str) -> None:
    """Ask, and come back for the answer: a job makes it."""
    asked = {"space_ids": [space_id], "question": opening.QUESTION}
    query = (await client.post(f"{API}/queries", json=asked)).json()
    path, headers = f"{API}/queries/{query['id']}/result", {"Prefer": "wait=60"}
    assert (await client.get(path, headers=headers)).status_code == 200


async def test_a_question_is_one_trace_from_the_request_to_the_job(
    sink: Sink, tmp_path: Path
) -> None:
    async with telling(sink, tmp_path) as house:
        client = await house.client()
        space_id = await new_space(client)
        await new_document(client, space_id)
        client.headers["traceparent"] = CALLER
        await asked_and_fetched(client, space_id)
    [request] = rows(sink, "RequestData", f"POST {API}/queries")
    [job] = rows(sink, "RequestData", "job answer")
    [case] = rows(sink, "RemoteDependencyData", "createQuery")
    [search] = rows(sink, "RemoteDependencyData", "files index.search")
    commits = rows(sink, "RemoteDependencyData", "sqlite records.commit")
    assert request["tags"]["ai.operation.id"] == "ab" * 16
    assert request["tags"]["ai.operation.parentId"] == "cd" * 8
    assert request["tags"]["ai.cloud.role"] == "eva-api"
    assert (request["success"], request["responseCode"]) == (True, "202")
    assert request["properties"] == {"eva.class": "ask", "eva.outcome": "ok"}
    assert job["properties"]["eva.job.kind"] == "answer"
    assert job["properties"]["eva.outcome"] == "done"
    for child, parent in ((case, request), (search, job)):
        assert child["tags"]["ai.operation.id"] == "ab" * 16
        assert child["tags"]["ai.operation.parentId"] == parent["id"]
    assert job["tags"]["ai.operation.id"] == "ab" * 16
    assert case["id"] in {one["tags"]["ai.operation.parentId"] for one in commits}
    assert job["id"] in {one["tags"]["ai.operation.parentId"] for one in commits}
    assert job["tags"]["ai.operation.parentId"] == case["id"]


async def test_the_trace_goes_on_in_another_process_that_does_the_job(
    sink: Sink, tmp_path: Path
) -> None:
    async with telling(sink, tmp_path / "data", EVA_WORKER="off") as house:
        client = await house.client()
        space_id = await new_space(client)
        env = {
            "EVA_DATA_DIR": str(tmp_path / "data"),
            "APPLICATIONINSIGHTS_CONNECTION_STRING": sink.connection,
        }
        working = asyncio.create_task(worker.run(Settings.load(env)))
        await asked_and_fetched(client, space_id)
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)
    [request] = rows(sink, "RequestData", f"POST {API}/queries")
    [job] = rows(sink, "RequestData", "job answer")
    assert job["tags"]["ai.cloud.role"] == "eva-worker"
    assert job["tags"]["ai.operation.id"] == request["tags"]["ai.operation.id"]


async def test_rates_errors_and_durations_are_counted_unsampled(sink: Sink, tmp_path: Path) -> None:
    async with telling(sink, tmp_path, EVA_TRACES_PER_SECOND="0") as house:
        client = await house.client()
        space_id = await new_space(client)
        for _ in range(7):
            await client.get(f"{API}/spaces/{space_id}")
        await client.get(f"{API}/spaces/spc_{'0' * 26}")
        await client.get("/livez")
        await (await house.anybody()).get(f"{API}/spaces")
    assert sums(sink, "eva.requests", **{"class": "read", "outcome": "ok"}) == 7
    assert sums(sink, "eva.requests", **{"class": "read", "outcome": "refused"}) == 2
    assert sums(sink, "eva.requests", **{"class": "health", "outcome": "ok"}) == 1
    assert sums(sink, "eva.tenant.requests", tenant="ten_default", outcome="ok") == 8
    assert sums(sink, "eva.dependency.calls", dependency="sqlite", outcome="ok") > 8
    assert sums(sink, "eva.up", role="api", backend="embedded") == 1
    assert sums(sink, "eva.up", role="worker", backend="embedded") == 1, "it works as well"
    assert sink.data("RequestData") == [], "no trace was asked for"


async def test_what_became_of_documents_and_questions_is_counted(
    sink: Sink, tmp_path: Path
) -> None:
    async with telling(sink, tmp_path) as house:
        client = await house.client()
        space_id = await new_space(client)
        await new_document(client, space_id)
        await answered(client, space_id)
        await asked_and_fetched(client, space_id)
        await answered(client, space_id, "Who won the hockey final?")
    assert sums(sink, "eva.documents.processed", outcome="ready") == 1
    assert sums(sink, "eva.jobs.ended", kind="ingest", outcome="done") == 1
    assert sums(sink, "eva.jobs.ended", kind="answer", outcome="done") == 1
    assert sums(sink, "eva.answers", band="answer", grounded="true", degraded="false") == 2
    assert sums(sink, "eva.answers", band="nothing") == 1
    assert sums(sink, "eva.answer.citations", outcome="kept") >= 1


async def test_a_stream_took_until_its_first_text(sink: Sink, tmp_path: Path) -> None:
    async with telling(sink, tmp_path) as house:
        client = await house.client()
        space_id = await new_space(client)
        await new_document(client, space_id)
        asked = {"space_ids": [space_id], "question": opening.QUESTION}
        headers = {"Accept": "text/event-stream"}
        told = await client.post(f"{API}/queries", json=asked, headers=headers)
        assert "event: done" in told.text
    assert sums(sink, "eva.requests", **{"class": "stream", "outcome": "ok"}) == 1
    assert sums(sink, "eva.requests", **{"class": "ask"}) == 0


async def test_a_dependency_that_fails_is_counted_and_its_trace_is_kept(
    sink: Sink, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with telling(sink, tmp_path, EVA_TRACES_PER_SECOND="0") as house:
        client = await house.client()
        space_id = await new_space(client)
        records = house.services.ports.records

        async def down(*_: object) -> None:
            raise UnavailableError(dependency="records", outcome="timeout")

        monkeypatch.setattr(records, "get", down)
        found = await client.get(f"{API}/spaces/{space_id}")
        assert found.status_code == 503
    [request] = sink.data("RequestData")
    assert (request["success"], request["responseCode"]) == (False, "503")
    assert sums(sink, "eva.requests", **{"class": "read", "outcome": "error"}) == 1


async def test_log_lines_of_warning_and_above_arrive_with_their_trace(
    sink: Sink, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with telling(sink, tmp_path) as house:
        client = await house.client()

        async def broken(*_: object, **__: object) -> None:
            raise ValueError(WRITTEN)

        monkeypatch.setattr(house.services.ports.records, "page", broken)
        client.headers["traceparent"] = CALLER
        assert (await client.get(f"{API}/spaces")).status_code == 500
        logging.getLogger("eva.web").info("not told")
    told = sink.data("ExceptionData")  # of what runs beside the request as well
    [fault] = [one for one in told if one["tags"]["ai.operation.id"] == "ab" * 16]
    assert fault["exceptions"][0]["typeName"] == "ValueError"
    assert "test_telemetry.py" in fault["exceptions"][0]["stack"]
    assert not any(WRITTEN in body.decode() for _, body in sink.bodies)


async def test_what_cannot_be_sent_is_kept_and_sent_later(sink: Sink, tmp_path: Path) -> None:
    sink.status = 503
    async with telling(sink, tmp_path) as house:
        await (await house.client()).get(f"{API}/spaces")
    assert sink.envelopes == []
    kept = list((tmp_path / "telemetry").rglob("*.lock"))
    assert kept
    assert any(b"GET /api/v1/spaces" in one.read_bytes() for one in kept)
    sink.status = 200
    for blob in kept:  # its retry is due a minute later
        blob.rename(blob.with_name(blob.name.partition("@")[0]))
    async with telling(sink, tmp_path) as house:
        await (await house.client()).get("/livez")
    assert rows(sink, "RequestData", f"GET {API}/spaces")
    assert rows(sink, "RequestData", "GET /livez")


async def test_requests_do_not_wait_for_an_endpoint_that_hangs(tmp_path: Path) -> None:
    with sinks.listening(answers=False) as sink:
        async with telling(sink, tmp_path, EVA_TELEMETRY_EVERY_S="0.1") as house:
            client = await house.client()
            await client.get(f"{API}/spaces")
            arrived = await asyncio.to_thread(sink.arrived.wait, 60)
            assert arrived, "the sender hangs now"
            found = [await client.get(f"{API}/spaces") for _ in range(50)]
            assert {one.status_code for one in found} == {200}
            assert sink.bodies == []
            sink.open.set()


async def test_prometheus_finds_the_metrics_at_their_own_port(tmp_path: Path) -> None:
    port = free_port()
    env = {"EVA_DATA_DIR": str(tmp_path), "EVA_METRICS_PORT": str(port)}
    async with opening.opened(Settings.load(env)) as house:
        await (await house.client()).get(f"{API}/spaces")
        async with httpx2.AsyncClient() as anybody:
            told = (await anybody.get(f"http://127.0.0.1:{port}/metrics")).text
        assert (await (await house.client()).get("/metrics")).status_code == 404
    assert 'eva_requests_total{class="read",outcome="ok"' in told
    assert "process_memory_usage_bytes " in told
