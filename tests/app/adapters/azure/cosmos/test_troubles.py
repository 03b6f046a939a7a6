"""An account that is slow, busy, away or out of its mind, and what its callers are told."""

import asyncio
import contextlib
import socket
import time

import pytest

from app.adapters.azure.cosmos import CosmosCalls, CosmosPlace, CosmosStore, open_cosmos
from app.adapters.resilience import Budget
from app.core.errors import InvalidInputError, TooLargeError, UnavailableError
from app.core.kinds import DOCUMENTS, EXPLANATIONS, SPACES
from app.core.models import Explanation, Partition
from app.core.ports import Put
from tests.contract.cosmos import VECTORS, fresh_database, means
from tests.contract.sample import a_document, a_space
from tests.peers.cosmos.accounts import KEY
from tests.peers.cosmos.faults import Faults
from tests.peers.cosmos.running import Running

ITEMS = r"/dbs/.*/docs/?.*"


async def test_a_busy_account_is_asked_again_when_it_said(
    store: CosmosStore, faults: Faults, home: Partition
) -> None:
    space = a_space(home)
    await store.records.commit(home, Put(kind=SPACES, value=space))
    wait = {"x-ms-retry-after-ms": "150"}
    faults.add([{"path": ITEMS, "status": 429, "substatus": 3200, "headers": wait, "times": 2}])
    began = time.monotonic()
    assert await store.records.get(SPACES, home, space.id) is not None
    assert time.monotonic() - began >= 0.3


async def test_a_busy_account_that_stays_so_says_when_to_come_back(
    cosmos_peer: Running, faults: Faults, home: Partition
) -> None:
    async with fresh_database(cosmos_peer) as store:
        wait = {"x-ms-retry-after-ms": "70000"}
        faults.add([{"path": ITEMS, "status": 429, "headers": wait, "times": 100}])
        calls = CosmosCalls(timeout_s=60, attempt_s=30)
        place = store.account.place
        async with open_cosmos(place, means(calls)) as hurried:
            with pytest.raises(UnavailableError) as refused:
                await hurried.records.get(SPACES, home, "spc_1")
        assert refused.value.facts == {"dependency": "records", "retry_after": 70}
        faults.end()


async def test_an_account_that_refuses_everything_is_asked_again_no_more_than_the_budget_allows(
    store: CosmosStore, faults: Faults, home: Partition
) -> None:
    asked: list[float] = []
    budget = Budget(share=0.5, most=1)
    calls = CosmosCalls(
        timeout_s=60, attempt_s=30, budget=budget, charged=lambda *told: asked.append(told[2])
    )
    async with open_cosmos(store.account.place, means(calls)) as thrifty:
        wait = {"x-ms-retry-after-ms": "1"}
        faults.add([{"path": ITEMS, "status": 429, "headers": wait, "times": 99}])
        for _ in range(20):
            with pytest.raises(UnavailableError):
                await thrifty.records.get(SPACES, home, "spc_1")
        assert len(asked) == 20 + 1 + 9, "one retry saved up, then half of one for each call"
        faults.end()
        await thrifty.records.count(SPACES, home)
        await thrifty.records.count(SPACES, home)
        faults.add([{"path": ITEMS, "status": 429, "times": 1}])
        assert await thrifty.records.count(SPACES, home) == 0


async def test_an_account_that_never_answers_costs_no_more_than_was_said(
    cosmos_peer: Running, faults: Faults, home: Partition
) -> None:
    async with fresh_database(cosmos_peer) as store:
        calls = CosmosCalls(timeout_s=0.6, attempt_s=0.25)
        async with open_cosmos(store.account.place, means(calls)) as hurried:
            with contextlib.suppress(UnavailableError):  # on a slow machine: it was tried
                await hurried.records.get(SPACES, home, "spc_1")
            faults.add([{"path": ITEMS, "delay_s": 600, "times": 99}])
            with pytest.raises(UnavailableError):
                await asyncio.wait_for(hurried.records.get(SPACES, home, "spc_1"), 60)
        faults.end()


@pytest.mark.parametrize("status", [500, 503, 408, 449, 410])
async def test_a_moment_of_weakness_is_got_over(
    store: CosmosStore, faults: Faults, home: Partition, status: int
) -> None:
    faults.add([{"path": ITEMS, "status": status, "times": 1, "method": "POST"}])
    space = a_space(home)
    await store.records.commit(home, Put(kind=SPACES, value=space))
    assert await store.records.get(SPACES, home, space.id) is not None


async def test_an_account_that_is_away_need_not_be_there_to_open_the_store(
    home: Partition,
) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        nowhere = f"http://127.0.0.1:{probe.getsockname()[1]}"
        place = CosmosPlace(endpoint=nowhere, key=KEY, vectors=VECTORS)
        async with open_cosmos(place, means(CosmosCalls(timeout_s=2, attempt_s=1))) as store:
            for ask in (store.records.ping, store.index.ping, store.jobs.depth):
                with pytest.raises(UnavailableError):
                    await ask()
            with pytest.raises(UnavailableError):
                await store.records.commit(home, Put(kind=SPACES, value=a_space(home)))


async def test_a_key_that_is_not_the_accounts_is_no_reason_to_try_again(
    cosmos_peer: Running,
) -> None:
    place = CosmosPlace(endpoint=cosmos_peer.endpoint, key="d3Jvbmc=", vectors=VECTORS)
    async with open_cosmos(place, means()) as store:
        with pytest.raises(UnavailableError) as refused:
            await store.records.ping()
    assert refused.value.facts["dependency"] == "records"
    assert getattr(refused.value.__cause__, "status_code", None) == 401


async def test_a_store_without_key_or_identity_is_refused(cosmos_peer: Running) -> None:
    place = CosmosPlace(endpoint=cosmos_peer.endpoint, vectors=VECTORS)
    with pytest.raises(ValueError, match="needs a key or an identity"):
        async with open_cosmos(place, means()):
            raise AssertionError


async def test_a_container_that_is_missing_is_an_outage_and_no_empty_answer(
    cosmos_peer: Running, home: Partition
) -> None:
    place = CosmosPlace(
        endpoint=cosmos_peer.endpoint, key=cosmos_peer.key, database="nowhere", vectors=VECTORS
    )
    async with open_cosmos(place, means(CosmosCalls(timeout_s=5))) as store:
        with pytest.raises(UnavailableError):
            await store.records.get(SPACES, home, "spc_1")


async def test_what_is_larger_than_an_item_may_be_is_refused_with_the_limit(
    store: CosmosStore, space: Partition
) -> None:
    huge = Explanation(
        id="qry_1",
        terms=(("x" * 2_100_000, 1.0),),
        candidates=(),
        stages_ms={},
        passages_searched=0,
    )
    with pytest.raises(TooLargeError) as refused:
        await store.records.commit(space, Put(kind=EXPLANATIONS, value=huge))
    assert refused.value.facts == {"limit_bytes": 2_000_000}


async def test_changes_that_are_too_large_together_are_refused_and_nothing_is_kept(
    store: CosmosStore, space: Partition
) -> None:
    puts = [Put(kind=DOCUMENTS, value=a_document(space, title="x" * 300_000)) for _ in range(8)]
    with pytest.raises(TooLargeError):
        await store.records.commit(space, *puts)
    assert await store.records.count(DOCUMENTS, space) == 0


async def test_what_the_service_finds_too_large_is_refused_and_not_tried_for_ever(
    store: CosmosStore, faults: Faults, space: Partition
) -> None:
    faults.add([{"path": r"/dbs/.*/colls/records/docs/", "status": 413, "times": 1}])
    with pytest.raises(TooLargeError):
        await store.records.commit(space, Put(kind=DOCUMENTS, value=a_document(space)))
    assert await store.records.count(DOCUMENTS, space) == 0


async def test_a_commit_of_too_many_changes_is_refused(
    store: CosmosStore, space: Partition
) -> None:
    puts = [Put(kind=DOCUMENTS, value=a_document(space)) for _ in range(91)]
    with pytest.raises(ValueError, match="at most 90"):
        await store.records.commit(space, *puts)
    await store.records.commit(space, *puts[:90])
    assert await store.records.count(DOCUMENTS, space) == 90


@pytest.mark.parametrize("id_", ["a/b", "a\\b", "a?b#c", "~2f", "été", "a:b"])
async def test_ids_that_the_service_forbids_are_kept_apart(
    store: CosmosStore, space: Partition, id_: str
) -> None:
    document = a_document(space, id_=id_)
    await store.records.commit(space, Put(kind=DOCUMENTS, value=document))
    found = await store.records.get(DOCUMENTS, space, id_)
    assert found is not None
    assert found.value.id == id_
    assert await store.records.get(DOCUMENTS, space, id_ + "~2f") is None
    assert await store.records.find(DOCUMENTS, space.tenant_id, id_) == found


async def test_half_a_character_is_refused_before_anything_is_sent(
    store: CosmosStore, home: Partition
) -> None:
    with pytest.raises(InvalidInputError):
        await store.records.commit(home, Put(kind=SPACES, value=a_space(home, "\ud83d")))
    assert await store.records.count(SPACES, home) == 0


async def test_every_answer_is_charged(cosmos_peer: Running, home: Partition) -> None:
    charged: list[tuple[str, str, float]] = []
    calls = CosmosCalls(timeout_s=60, attempt_s=30, charged=lambda *told: charged.append(told))
    async with fresh_database(cosmos_peer, means(calls)) as store:
        await store.records.commit(home, Put(kind=SPACES, value=a_space(home)))
        await store.records.count(SPACES, home)
    assert {(container, what) for container, what, _ in charged} >= {
        ("directory", "upsert"),
        ("records", "batch"),
        ("records", "query"),
    }
    assert all(units > 0 for _, _, units in charged)


async def test_a_caller_that_gives_up_is_let_go(
    store: CosmosStore, faults: Faults, home: Partition
) -> None:
    await store.records.count(SPACES, home)
    faults.add([{"path": ITEMS, "delay_s": 600, "times": 1}])
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await store.records.count(SPACES, home)
    faults.end()
    assert await store.records.count(SPACES, home) == 0


@pytest.mark.parametrize(
    "body",
    ["<html>Bad gateway</html>", "{", "{}", "[]", "null", '{"id": "space:other"}', "x" * 100_000],
)
async def test_an_answer_that_makes_no_sense_is_an_outage_and_nothing_is_believed(
    store: CosmosStore, faults: Faults, home: Partition, body: str
) -> None:
    space = a_space(home)
    await store.records.commit(home, Put(kind=SPACES, value=space))
    faults.add([{"path": ITEMS, "status": 200, "body": body, "times": 99}])
    with pytest.raises(UnavailableError):
        await store.records.get(SPACES, home, space.id)
    with pytest.raises(UnavailableError):
        await store.records.count(SPACES, home)
    faults.end()
    found = await store.records.get(SPACES, home, space.id)
    assert found is not None
    assert found.value == space
