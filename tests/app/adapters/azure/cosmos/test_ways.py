"""The short way to items sends what the SDK sends, and the SDK has the last word."""

import base64
import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import aiohttp
import pytest
from azure.core.exceptions import HttpResponseError
from azure.cosmos.exceptions import CosmosBatchOperationError

from app.adapters.azure.cosmos import CosmosStore, wire
from app.adapters.azure.cosmos.container import BatchRefusedError, Container
from app.adapters.azure.cosmos.ways import Way
from app.adapters.azure.cosmos.wire import ByWire
from app.core.errors import UnavailableError
from tests.app.adapters.azure.cosmos.wired import ID, ITEM, PLACE, Both, Sent, both, sent, store
from tests.contract.cosmos import fresh_database
from tests.peers.cosmos.faults import Faults
from tests.peers.cosmos.running import running

__all__ = ["both", "sent", "store"]


@pytest.fixture
def container(store: CosmosStore) -> Container:
    return Container(store.account, "records", "records")


async def _tagged(way: Way, item: dict[str, Any]) -> str:
    await way.upsert(item)
    return str((await way.read(PLACE, item["id"]))["_etag"])


async def _batch(way: Way) -> object:
    tag = await _tagged(way, ITEM)
    await way.upsert({**ITEM, "id": "gone"})
    return await way.batch(
        PLACE,
        [
            ("create", ({**ITEM, "id": "made"},)),
            ("upsert", ({**ITEM, "id": "put"},)),
            ("replace", (ID, {**ITEM, "n": 2}), {"if_match_etag": tag}),
            ("patch", ("made", [{"op": "set", "path": "/kind", "value": "y"}])),
            ("delete", ("gone",)),
        ],
    )


async def _replace(way: Way) -> object:
    return await way.replace({**ITEM, "n": 3}, await _tagged(way, ITEM))


OPERATIONS: dict[str, Callable[[Way], Awaitable[object]]] = {
    "create": lambda way: way.create(ITEM),
    "upsert": lambda way: way.upsert(ITEM),
    "replace": _replace,
    "batch": _batch,
    "query": lambda way: way.query(
        PLACE, "SELECT c.id FROM c WHERE c.kind = @kind", {"@kind": "é"}
    ),
    "count": lambda way: way.query(PLACE, "SELECT VALUE COUNT(1) FROM c", {}),
}


@pytest.mark.parametrize("operation", OPERATIONS)
async def test_both_ways_send_the_same(both: Both, sent: list[Sent], operation: str) -> None:
    tags = []
    for way in (both.long, both.short):
        sent.clear()
        await OPERATIONS[operation](way)
        tags.append([_text(one).replace(_tag_of(one), "tag") for one in sent])
        assert all(one.by_sdk is (way is both.long) for one in sent)
        for id_ in (ID, "made", "put"):
            try:
                await way.delete(PLACE, str(id_))
            except HttpResponseError as error:
                assert error.status_code == 404
        tags[-1] += [_text(one) for one in sent[len(tags[-1]) :]]
    assert tags[0] == tags[1]
    assert len(both.charged) % 2 == 0, "every answer is charged, whichever way it came"


def _text(sent: Sent) -> str:
    return json.dumps(sent.meant, sort_keys=True)


def _tag_of(sent: Sent) -> str:
    """Return what differs from run to run: the tag that a write depends on."""
    body = json.loads(sent.body) if sent.body else None
    inside = [one["ifMatch"] for one in body if "ifMatch" in one] if isinstance(body, list) else []
    tag = next(iter(inside), sent.headers.get("if-match", "no tag"))
    return json.dumps(tag)[1:-1]


async def test_both_ways_answer_and_refuse_the_same(both: Both) -> None:
    answers: list[Any] = []
    for way in (both.long, both.short):
        await way.upsert(ITEM)
        item = await way.read(PLACE, ID)
        read = {name: value for name, value in item.items() if not name.startswith("_")}
        rows = await way.query(PLACE, "SELECT c.id, c.n FROM c", {})
        refusals = []
        for refused in (
            way.create(ITEM),
            way.read(PLACE, "absent"),
            way.delete(PLACE, "absent"),
            way.replace(ITEM, '"stale"'),
            way.query(PLACE, "SELECT nonsense", {}),
        ):
            with pytest.raises(HttpResponseError) as error:
                await refused
            refusals.append((error.value.status_code, getattr(error.value, "sub_status", None)))
        with pytest.raises(CosmosBatchOperationError) as batch:
            await way.batch(PLACE, [("upsert", (ITEM,)), ("create", (ITEM,))])
        answers.append((read, rows, refusals, batch.value.error_index, batch.value.status_code))
    assert answers[0] == answers[1]
    assert [status for status, _ in answers[0][2]] == [409, 404, 404, 412, 400]


async def test_a_query_is_read_page_by_page(both: Both, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(wire._QUERY, "x-ms-max-item-count", "2")
    for number in range(5):
        await both.short.upsert({**ITEM, "id": f"{number}"})
    both.charged.clear()
    rows = await both.short.query(PLACE, "SELECT VALUE c.id FROM c ORDER BY c.key", {})
    assert sorted(rows) == ["0", "1", "2", "3", "4"]
    assert len(both.charged) == 3


async def test_only_a_first_attempt_takes_the_short_way(
    container: Container, sent: list[Sent], faults: Faults
) -> None:
    await container.upsert(ITEM)
    faults.add([{"path": r"/dbs/.*/docs/.+", "status": 503, "times": 1}])
    assert await container.read(PLACE, ID) is not None
    assert [one.by_sdk for one in sent] == [False, False, True]


async def test_a_connection_that_breaks_is_tried_again_by_the_sdk(
    container: Container, sent: list[Sent], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object) -> str:
        raise aiohttp.ServerDisconnectedError

    await container.upsert(ITEM)
    with monkeypatch.context() as patched:
        patched.setattr(aiohttp.ClientResponse, "read", broken)
        with pytest.raises(UnavailableError) as refused:
            await container.read(PLACE, ID)
    assert refused.value.facts["dependency"] == "records"
    assert [one.by_sdk for one in sent[1:3]] == [False, True]


async def test_a_ranked_query_is_the_sdks(container: Container, sent: list[Sent]) -> None:
    sql = "SELECT TOP 1 c.id FROM c WHERE c.kind = @k ORDER BY RANK FullTextScore(c.kind, @k)"
    with pytest.raises(UnavailableError):  # that container has no full text
        await container.query(PLACE, sql, {"@k": "z"})
    assert sent
    assert all(one.by_sdk for one in sent)


async def test_the_sdk_gets_a_request_from_time_to_time(
    container: Container, sent: list[Sent], monkeypatch: pytest.MonkeyPatch
) -> None:
    await container.upsert(ITEM)
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now + 61)
    for _ in range(2):
        await container.read(PLACE, ID)
    assert [one.by_sdk for one in sent] == [False, True, False]


async def test_an_account_of_session_consistency_is_left_to_the_sdk(sent: list[Sent]) -> None:
    with running(consistency="Session") as peer:
        async with fresh_database(peer) as store:
            container = Container(store.account, "records", "records")
            for _ in range(3):
                await container.upsert(ITEM)
        assert [one.by_sdk for one in sent[-3:]] == [True] * 3


async def test_a_refused_batch_names_its_operation(container: Container) -> None:
    await container.upsert(ITEM)
    with pytest.raises(BatchRefusedError) as refused:
        await container.batch(PLACE, [("upsert", ({**ITEM, "id": "b"},)), ("create", (ITEM,))])
    assert (refused.value.index, refused.value.status) == (1, 409)
    assert await container.read(PLACE, "b") is None


async def test_what_an_identity_is_given_goes_along(both: Both, sent: list[Sent]) -> None:
    async def token(*_: str) -> str:
        claims = base64.urlsafe_b64encode(b'{"aud": "https://cosmos.azure.com"}').decode()
        return f"type%3Daad%26ver%3D1.0%26sig%3De30.{claims}."

    assert isinstance(both.short, ByWire)
    way = replace(both.short, endpoint=replace(both.short.endpoint, authorise=token))
    await way.upsert(ITEM)
    assert (await way.read(PLACE, ID))["n"] == ITEM["n"]
    assert all("aad" in one.headers["authorization"] for one in sent)
