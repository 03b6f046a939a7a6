"""The whole service on Azure's protocols: its worker a process of its own, faults on the way."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx2
import psutil  # type: ignore[import-untyped]
import pytest

from tests.e2e import steps
from tests.peers import node
from tests.peers.oidc import peer as oidc
from tests.peers.redis import PROGRAM as REDIS
from tests.peers.serving import Served, serving
from tests.peers.together import Together, together

QUESTION = "How many vacation days do employees receive per year?"
SENTENCE = "Employees receive twenty-five vacation days per year."


@pytest.fixture(scope="module")
def peers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Together]:
    if why := node.missing() or ("" if REDIS else "NOT RUN ON PEERS: redis-server is absent"):
        pytest.skip(why)
    node.install()
    oidc.install()
    with together(tmp_path_factory.mktemp("peers")) as running:
        yield running


@pytest.fixture(scope="module")
def served(peers: Together) -> Iterator[Served]:
    with serving(peers) as running:
        yield running


@pytest.fixture
async def client(peers: Together, served: Served) -> AsyncIterator[httpx2.AsyncClient]:
    headers = {"X-API-Key": served.key}
    async with httpx2.AsyncClient(
        base_url=f"{served.url}/api/v1", headers=headers, timeout=60
    ) as opened:
        yield opened
    peers.faults.reset()


async def ready_space(client: httpx2.AsyncClient) -> tuple[str, str]:
    space_id = await steps.new_space(client)
    return space_id, await steps.ready(client, space_id, steps.LEAVE)


async def ask_whole(client: httpx2.AsyncClient, space_id: str) -> dict[str, Any]:
    """Ask until the model was quick enough: without one that is not the service does."""
    async with asyncio.timeout(100):
        while (told := await steps.ask(client, space_id, QUESTION))["degraded"]:
            pass
        return told


async def test_a_document_is_read_answered_from_and_gone_without_a_trace(
    client: httpx2.AsyncClient,
) -> None:
    space_id, document_id = await ready_space(client)
    told = await ask_whole(client, space_id)
    assert told["band"] == "answer"
    assert told["sentences"][0]["text"] == SENTENCE
    assert told["citations"][0]["document_id"] == document_id
    assert told["usage"]["prompt_tokens"] > 100
    for citation in told["citations"]:
        path = f"/queries/{told['id']}/citations/{citation['number']}/verify"
        assert (await client.get(path)).json()["matches"] is True
    gone = await client.delete(f"/spaces/{space_id}")
    receipt = await steps.erased(client, receipt_of(gone, space_id))
    assert receipt["removed"]["blobs"] == 3
    assert set(receipt["remaining"].values()) == {0}


def receipt_of(answer: httpx2.Response, space_id: str) -> str:
    assert answer.status_code == 204, answer.text
    return space_id


async def test_without_its_model_the_service_quotes_and_says_that_it_is_degraded(
    client: httpx2.AsyncClient, peers: Together
) -> None:
    space_id, _ = await ready_space(client)
    peers.faults.poison("models", "http", status=503, path="chat/completions")
    told = await steps.ask(client, space_id, QUESTION)
    assert (told["band"], told["degraded"]) == ("answer", True)
    assert told["sentences"][0]["text"] == SENTENCE


async def test_without_the_model_of_meaning_words_are_searched_and_the_answer_says_so(
    client: httpx2.AsyncClient, peers: Together
) -> None:
    space_id, _ = await ready_space(client)
    whole = await ask_whole(client, space_id)
    peers.faults.poison("models", "http", status=503, path="embeddings")
    told = await steps.ask(client, space_id, QUESTION + " Please.")
    assert (told["band"], told["degraded"]) == ("answer", True)
    explained = [
        (await client.get(f"/queries/{one['id']}/explain")).json()["words_alone"]
        for one in (whole, told)
    ]
    assert explained == [False, True]


async def test_liveness_asks_nobody_and_readiness_names_who_is_gone(
    client: httpx2.AsyncClient, peers: Together, served: Served
) -> None:
    url = f"{served.url}/readyz"
    while not (await client.get(url)).json()["ready"]:  # noqa: ASYNC110 - a pause of others' faults
        await asyncio.sleep(0.05)
    peers.faults.enable("blobs", enabled=False)
    ready: Any = await client.get(url)
    assert (ready.status_code, ready.json()["checks"]["blobs"]) == (503, "failed")
    assert (await client.get(f"{served.url}/livez")).status_code == 200


async def test_storage_that_is_gone_refuses_an_upload_and_keeps_none_of_it(
    client: httpx2.AsyncClient, peers: Together
) -> None:
    space_id = await steps.new_space(client)
    peers.faults.enable("blobs", enabled=False)
    refused = await client.post(
        f"/spaces/{space_id}/documents", files={"file": ("leave.md", steps.LEAVE, "text/markdown")}
    )
    assert (refused.status_code, refused.json()["code"]) == (503, "unavailable")
    assert "retry-after" in refused.headers
    peers.faults.reset()
    listed = (await client.get(f"/spaces/{space_id}/documents")).json()
    assert listed["items"] == []


async def test_of_several_processes_one_that_is_killed_is_replaced_and_missed_by_nobody(
    peers: Together, served: Served
) -> None:
    with serving(peers, both=True, count=2) as several:
        keeper = psutil.Process(several.processes[0].pid)
        first, second = keeper.children()
        headers, api = {"X-API-Key": served.key}, f"{several.url}/api/v1"
        async with httpx2.AsyncClient(base_url=api, headers=headers, timeout=60) as one:
            space_id, _ = await ready_space(one)
        first.kill()
        first.wait(60)
        async with httpx2.AsyncClient(base_url=api, headers=headers, timeout=60) as other:
            assert (await steps.ask(other, space_id, QUESTION))["band"] == "answer"
        for _ in range(1200):
            if len(keeper.children()) == 2:
                break
            await asyncio.sleep(0.05)
        left, replaced = sorted(keeper.children(), key=lambda one: one.pid != second.pid)
        assert left == second
        assert replaced != first
