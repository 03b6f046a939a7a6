"""Nothing that a person wrote, holds or is appears in any signal, whichever operation is called."""

import contextlib
import io
import json
import logging
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from app.core import loglines
from app.settings import Settings
from app.web.application import Application
from tests.app.adapters.telemetry import sinks
from tests.app.adapters.telemetry.sinks import Sink
from tests.app.web import house as opening
from tests.app.web.house import API, House
from tests.authz.operations import Operation, operations_of
from tests.peers.programs import free_port

CANARY = "canary7q"  # part of everything that is sent
BODY: dict[str, Any] = {
    "question": f"Where is {CANARY} question?",
    "name": f"{CANARY} name",
    "title": f"{CANARY} title",
    "description": f"{CANARY} description",
    "comment": f"{CANARY} comment",
    "metadata": {"owner": f"{CANARY}@example.com"},
    "tags": [f"{CANARY}-tag"],
    "rating": 1,
}
HEADERS = {
    "User-Agent": f"{CANARY}-agent",
    "X-Forwarded-For": f"{CANARY}.example",
    "Referer": f"https://{CANARY}.example/",
    "Cookie": f"session={CANARY}",
    "Baggage": f"user={CANARY}",
    "Idempotency-Key": f"{CANARY}-call",
}
DOCUMENT = f"The {CANARY} clerk signs the {CANARY} permit within nine days.".encode()


@pytest.fixture
def sink() -> Iterator[Sink]:
    with sinks.listening() as found:
        yield found


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """All log lines, debug too, in both forms."""
    written = io.StringIO()
    handlers = [logging.StreamHandler(written), logging.StreamHandler(written)]
    handlers[0].setFormatter(loglines.AsJson())
    handlers[1].setFormatter(loglines.AsText())
    loggers = [logging.getLogger(name) for name in loglines.OURS]
    before = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel("DEBUG")
        for handler in handlers:
            logger.addHandler(handler)
    yield written
    for logger, level in zip(loggers, before, strict=True):
        logger.setLevel(level)
        for handler in handlers:
            logger.removeHandler(handler)


@contextlib.asynccontextmanager
async def telling(sink: Sink, folder: Path, channel: str) -> AsyncIterator[tuple[House, str]]:
    """A service that sends to the sink by one of the channels; and its metrics' address."""
    port = free_port()
    where = {
        "azure": {"APPLICATIONINSIGHTS_CONNECTION_STRING": sink.connection},
        "otlp": {"OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{sink.port}"},
    }
    env = {
        "EVA_DATA_DIR": str(folder),
        "EVA_METRICS_PORT": str(port),
        "EVA_TRACES_PER_SECOND": "1000",
        "EVA_TELEMETRY_EVERY_S": "600",
    }
    async with opening.opened(Settings.load(env | where[channel])) as house:
        yield house, f"http://127.0.0.1:{port}/metrics"


async def worked(client: httpx2.AsyncClient) -> dict[str, str]:
    """Do what people do, with a canary in all of it; return the ids of what came of it."""
    made = await client.post(f"{API}/spaces", json={k: BODY[k] for k in _SPACE})
    assert made.status_code == 201, made.text
    space_id = made.json()["id"]
    put = await client.post(
        f"{API}/spaces/{space_id}/documents",
        files={"file": (f"{CANARY}.txt", DOCUMENT)},
        data={"metadata": json.dumps(BODY["metadata"])},
    )
    assert put.status_code == 202, put.text
    document_id = put.json()["id"]
    assert (await opening.settled(client, document_id))["status"] == "ready"
    question = f"When does the {CANARY} clerk sign the permit?"
    told = await opening.answered(client, space_id, question)
    assert CANARY in told["answer"]
    asked = {"space_ids": [space_id], "question": question}
    heard = await client.post(f"{API}/queries", json=asked, headers={"Accept": "text/event-stream"})
    assert CANARY in heard.text
    judged = {"rating": -1, "comment": BODY["comment"]}
    path = f"{API}/queries/{told['id']}/feedback"
    assert (await client.post(path, json=judged)).is_success
    return {"space_id": space_id, "document_id": document_id, "query_id": told["id"], "number": "1"}


_SPACE = ("name", "description", "metadata", "tags")


async def called(client: httpx2.AsyncClient, one: Operation, ids: dict[str, str]) -> None:
    """Call an operation twice: on what there is, and with a canary for every id."""
    for given in (ids, {}):
        path = one.path
        for name in one.names:
            path = path.replace(f"{{{name}}}", given.get(name, f"{CANARY}-{name}"))
        body = BODY if one.changes and one.method != "DELETE" else None
        await client.request(
            one.method, path, params={CANARY: CANARY}, json=body, headers=HEADERS, timeout=60
        )


def operations(app: Application) -> list[Operation]:
    """Every operation, those that destroy last."""
    found = operations_of(app.routes)
    return sorted(found, key=lambda one: (one.method == "DELETE", one.path))


@pytest.mark.parametrize("channel", ["azure", "otlp"])
async def test_no_signal_of_any_operation_holds_what_people_wrote(
    sink: Sink, lines: io.StringIO, tmp_path: Path, channel: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with telling(sink, tmp_path, channel) as (house, metrics):
        client = await house.client()
        ids = await worked(client)
        every = operations(house.app)
        for one in every:
            await called(client, one, ids)
        fault = ValueError(f"{CANARY} in an exception")

        async def broken(*_: object, **__: object) -> None:
            raise fault

        monkeypatch.setattr(house.services.ports.records, "page", broken)
        assert (await client.get(f"{API}/spaces")).status_code == 500
        async with httpx2.AsyncClient() as anybody:
            prometheus = (await anybody.get(metrics)).text
        secret = client.headers["X-API-Key"].rpartition("_")[2]
    sent = b"\n".join(body for _, body in sink.bodies).decode("latin-1")
    for told in (sent, prometheus, lines.getvalue()):
        assert CANARY not in told
        assert secret not in told
        assert "127.0.0.1:123" not in told, "the client's address"
    for one in every:
        assert one.path in sent, f"{one} left no trace: nothing is known about it"
        assert one.path in prometheus
    assert "unhandled error" in lines.getvalue()
    assert "ValueError" in lines.getvalue()


def test_a_canary_in_a_signal_would_be_seen(lines: io.StringIO) -> None:
    logging.getLogger("eva.web").warning("somebody wrote %s", CANARY)
    assert lines.getvalue().count(CANARY) == 2
