"""What the peer does beyond what an independent server can be asked, too."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from azure.core import MatchConditions
from azure.cosmos.aio import ContainerProxy
from azure.cosmos.exceptions import CosmosBatchOperationError, CosmosHttpResponseError

from tests.peers.cosmos.running import Running, running
from tests.peers.cosmos.store import Store
from tests.peers.cosmos.wire import PLACE, a_container, rows, thing
from tests.peers.fixtures import cosmos_peer

__all__ = ["cosmos_peer"]
ELSEWHERE = ["ten_1", "spc_2"]


@pytest.fixture
async def container(cosmos_peer: Running) -> AsyncIterator[ContainerProxy]:
    async with a_container(cosmos_peer.endpoint, cosmos_peer.key) as made:
        yield made


async def test_a_batch_is_applied_whole_or_not_at_all(container: ContainerProxy) -> None:
    await container.create_item(thing("b"))
    batch = [("create", (thing("a"),)), ("delete", ("b",)), ("create", (thing("a"),))]
    with pytest.raises(CosmosBatchOperationError) as refused:
        await container.execute_item_batch(batch, PLACE)
    assert [one["statusCode"] for one in refused.value.operation_responses] == [424, 424, 409]
    assert await rows(container, "SELECT VALUE c.id FROM c") == ["b"]
    done = await container.execute_item_batch(batch[:2], PLACE)
    assert [one["statusCode"] for one in done] == [201, 204]
    assert await rows(container, "SELECT VALUE c.id FROM c") == ["a"]


async def test_a_batch_obeys_tags(container: ContainerProxy) -> None:
    first = await container.create_item(thing("a"))
    await container.upsert_item(thing("a", 1))
    stale = ("replace", ("a", thing("a", 2)), {"if_match_etag": first["_etag"]})
    with pytest.raises(CosmosBatchOperationError) as refused:
        await container.execute_item_batch([stale], PLACE)
    assert (refused.value.status_code, refused.value.error_index) == (412, 0)


async def test_partitions_do_not_see_each_other(container: ContainerProxy) -> None:
    await container.create_item(thing("a"))
    await container.create_item({**thing("a", 7), "space_id": "spc_2"})
    assert await rows(container, "SELECT VALUE c.n FROM c") == [0]
    assert await rows(container, "SELECT VALUE c.n FROM c", ELSEWHERE) == [7]
    assert (await container.read_item("a", ELSEWHERE))["n"] == 7


async def test_an_item_goes_when_its_time_is_over(
    cosmos_peer: Running, container: ContainerProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    await container.create_item(thing("a", ttl=60))
    await container.create_item(thing("b"))
    kept = cosmos_peer.peer.store
    now = kept.now
    monkeypatch.setattr(kept, "_clock", lambda: now + 61)
    assert await rows(container, "SELECT VALUE c.id FROM c") == ["b"]
    with pytest.raises(CosmosHttpResponseError) as refused:
        await container.read_item("a", PLACE)
    assert refused.value.status_code == 404


async def test_the_change_feed_tells_what_was_written_in_order(container: ContainerProxy) -> None:
    for name in ("a", "b"):
        await container.create_item(thing(name))
    await container.upsert_item(thing("a", 1))
    feed = container.query_items_change_feed(start_time="Beginning", partition_key=PLACE)
    assert [(item["id"], item["n"]) async for item in feed] == [("b", 0), ("a", 1)]


async def test_nearest_vectors_come_first(container: ContainerProxy) -> None:
    for name, vector in (("far", [0, 1, 0]), ("near", [1, 0.1, 0]), ("none", [])):
        await container.create_item(thing(name, vector=vector))
    sql = (
        "SELECT TOP 2 c.id, VectorDistance(c.vector, @v) AS score FROM c"
        " ORDER BY VectorDistance(c.vector, @v)"
    )
    found = await rows(container, sql, v=[1, 0, 0])
    assert [row["id"] for row in found] == ["near", "far"]
    assert found[0]["score"] == pytest.approx(0.995, abs=0.001)


async def test_texts_are_ranked_by_the_client_from_a_plan(
    cosmos_peer: Running, container: ContainerProxy
) -> None:
    texts = {"a": "passport office", "b": "passport passport renewal", "c": "tax office", "d": ""}
    for name, text in texts.items():
        await container.create_item(thing(name, text=text))
        await container.create_item({**thing(name, text="passport " * 9), "space_id": "spc_2"})
    sql = (
        "SELECT TOP 3 c.id FROM c WHERE FullTextContainsAny(c.text, @p, @r)"
        " ORDER BY RANK FullTextScore(c.text, @p, @r)"
    )
    before = len(cosmos_peer.peer.journal)
    assert [row["id"] for row in await rows(container, sql, p="passport", r="renewal")] == [
        "b",
        "a",
    ]
    assert [status for *_, status in cosmos_peer.peer.journal[before:]].count(400) == 1
    whole = len(cosmos_peer.peer.journal) - before
    before = len(cosmos_peer.peer.journal)
    narrow = sql.replace("WHERE", "WHERE c.tenant_id = @t AND c.space_id = @s AND")
    given = {"p": "passport", "r": "renewal", "t": PLACE[0], "s": PLACE[1]}
    assert len(await rows(container, narrow, **given)) == 2
    assert len(cosmos_peer.peer.journal) - before < whole  # one range is asked, not all


async def test_filters_compare_values_of_one_type_only(container: ContainerProxy) -> None:
    for name, n in (("a", 1), ("b", "1"), ("c", True), ("d", None)):
        await container.create_item(thing(name, n))  # type: ignore[arg-type]
    assert await rows(container, "SELECT VALUE c.id FROM c WHERE c.n = @n", n=1) == ["a"]
    assert await rows(container, "SELECT VALUE c.id FROM c WHERE c.n > @n", n="0") == ["b"]
    assert await rows(container, "SELECT VALUE c.id FROM c WHERE NOT c.n = @n", n=2) == ["a"]


async def test_long_answers_come_in_pages(container: ContainerProxy) -> None:
    for start in (0, 100):
        batch = [("create", (thing(f"{n:03d}", n),)) for n in range(start, start + 100)]
        await container.execute_item_batch(batch, PLACE)
    found = container.query_items(
        "SELECT VALUE c.n FROM c ORDER BY c.n", partition_key=PLACE, max_item_count=30
    )
    numbers: list[Any] = [row async for row in found]
    assert numbers == list(range(200))


async def test_answers_carry_a_charge_and_a_session(container: ContainerProxy) -> None:
    told: list[dict[str, str]] = []
    await container.create_item(
        thing("a"), response_hook=lambda headers, *_: told.append(dict(headers))
    )
    assert float(told[0]["x-ms-request-charge"]) > 0
    assert told[0]["x-ms-session-token"].split(":")[0] in ("0", "1")


async def test_an_item_that_did_not_change_is_not_sent_again(container: ContainerProxy) -> None:
    item = await container.create_item(thing("a"))
    again = await container.read_item(
        "a", PLACE, etag=item["_etag"], match_condition=MatchConditions.IfModified
    )
    assert dict(again) == {}


async def test_what_was_written_is_there_after_the_peer_is_started_again(tmp_path: Path) -> None:
    path = str(tmp_path / "account.db")
    with running(path) as peer:
        async with a_container(peer.endpoint, peer.key) as container:
            await container.create_item(thing("a", 5))
            again = Store(path)
            [kept] = again.containers.values()
            assert [item["n"] for item in again.partition(kept, '["ten_1", "spc_1"]')] == [5]
            again.close()


async def test_a_fault_of_the_peer_itself_is_seen_as_one(
    cosmos_peer: Running, caplog: pytest.LogCaptureFixture
) -> None:
    """A handler that stumbles answers 500 and says over what, and the connection goes."""
    async with httpx2.AsyncClient(base_url=cosmos_peer.endpoint, timeout=60) as client:
        answer = await client.post("/_peer/faults", content=b"no JSON")
    assert answer.status_code == 500
    assert answer.headers["connection"] == "close"
    assert "POST /_peer/faults" in caplog.text


async def test_an_answer_that_is_delayed_holds_up_its_own_connection_only(
    cosmos_peer: Running, container: ContainerProxy
) -> None:
    await container.create_item(thing("a"))
    slow = {"method": "GET", "path": ".*/docs/slow/?", "delay_s": 30, "status": 503}
    cosmos_peer.peer.faults.add([slow])
    waiting = asyncio.ensure_future(container.read_item("slow", PLACE))
    while cosmos_peer.peer.faults.waiting:  # noqa: ASYNC110 - its own thread meets it
        await asyncio.sleep(0.01)
    assert (await container.read_item("a", PLACE))["id"] == "a"
    assert not waiting.done()
    waiting.cancel()
    cosmos_peer.peer.faults.end()
