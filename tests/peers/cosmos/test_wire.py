"""The same questions for our peer and for independent servers: do they read the protocol as we do?

`@vercel/cosmosdb-server` knows no hierarchical keys, batches, time to live, vectors or full text,
ignores the partition key of a query and answers 500 for a missing item: so only the rest is asked
of it. A real account is asked when it is named, and else says that it was not.
"""

import os
from collections.abc import AsyncIterator
from typing import Any

import pytest
from azure.core import MatchConditions
from azure.cosmos.aio import ContainerProxy
from azure.cosmos.exceptions import CosmosHttpResponseError

from tests.peers.cosmos.running import Running
from tests.peers.cosmos.wire import a_container, rows, thing
from tests.peers.fixtures import cosmos_peer, node_programs, vercel
from tests.peers.programs import Running as Program
from tests.peers.real import REAL, choices
from tests.peers.vercel import KEY

__all__ = ["cosmos_peer", "node_programs", "vercel"]
OURS, INDEPENDENT, ACCOUNT = "our peer", "independent server", "cosmos account"


@pytest.fixture(params=choices(OURS, INDEPENDENT, real=ACCOUNT))
async def container(request: pytest.FixtureRequest) -> AsyncIterator[ContainerProxy]:
    discovery = True
    if request.param == OURS:
        peer: Running = request.getfixturevalue("cosmos_peer")
        endpoint, key = peer.endpoint, peer.key
    elif request.param == INDEPENDENT:
        program: Program = request.getfixturevalue("vercel")
        endpoint, key, discovery = program.url, KEY, False  # it advertises https
    else:
        endpoint, key = (os.environ[name] for name in REAL[ACCOUNT])
    async with a_container(endpoint, key, one_key=True, discovery=discovery) as made:
        yield made


async def filled(container: ContainerProxy) -> None:
    for n in (3, 1, 2, 5, 4):
        await container.create_item(thing(f"t{n}", n, tags=["all", f"tag{n}"]))


async def ids(container: ContainerProxy, sql: str, **given: object) -> list[Any]:
    """The independent server looks for the partition in the conditions."""
    here = "SELECT VALUE c.id FROM c WHERE c.place = @here AND "
    return await rows(container, here + sql, "p", here="p", **given)


async def test_what_was_created_is_read_back(container: ContainerProxy) -> None:
    made = await container.create_item(thing("a", 7))
    found = await container.read_item("a", "p")
    assert (found["n"], found["_etag"]) == (7, made["_etag"])


async def test_an_item_is_created_once(container: ContainerProxy) -> None:
    await container.create_item(thing("a"))
    with pytest.raises(CosmosHttpResponseError) as refused:
        await container.create_item(thing("a"))
    assert refused.value.status_code == 409


async def test_every_write_gives_another_tag(container: ContainerProxy) -> None:
    tags = [(await container.upsert_item(thing("a", n)))["_etag"] for n in range(3)]
    assert len(set(tags)) == 3


async def test_a_replacement_with_an_old_tag_is_refused(container: ContainerProxy) -> None:
    old = await container.create_item(thing("a"))
    await container.upsert_item(thing("a", 1))
    with pytest.raises(CosmosHttpResponseError) as refused:
        await container.replace_item(
            "a", thing("a", 2), etag=old["_etag"], match_condition=MatchConditions.IfNotModified
        )
    assert refused.value.status_code == 412
    assert (await container.read_item("a", "p"))["n"] == 1


async def test_a_deleted_item_is_not_found_by_queries(container: ContainerProxy) -> None:
    await filled(container)
    await container.delete_item("t1", "p")
    assert await ids(container, "c.id = @id", id="t1") == []


@pytest.mark.parametrize(
    ("sql", "given", "expected"),
    [
        ("c.n = @n", {"n": 3}, ["t3"]),
        ("c.n > @n ORDER BY c.n", {"n": 3}, ["t4", "t5"]),
        ("c.n >= 2 AND c.n < 4 ORDER BY c.n DESC", {}, ["t3", "t2"]),
        ("(c.n = 1 OR c.name = @name) ORDER BY c.n", {"name": "t5"}, ["t1", "t5"]),
        ("NOT (c.n > 1)", {}, ["t1"]),
        ("c.n IN (@a, @b) ORDER BY c.n", {"a": 2, "b": 9}, ["t2"]),
        ("ARRAY_CONTAINS(c.tags, @tag)", {"tag": "tag4"}, ["t4"]),
        (
            "ARRAY_CONTAINS(@names, c.name) ORDER BY c.n",
            {"names": ["t2", "t1"]},
            ["t1", "t2"],
        ),
        ("EXISTS(SELECT VALUE t FROM t IN c.tags WHERE t > @t)", {"t": "tag4"}, ["t5"]),
        ("c.n > @n", {"n": "0"}, []),
        ("STARTSWITH(c.name, @x) AND IS_DEFINED(c.n) ORDER BY c.n", {"x": "t5"}, ["t5"]),
    ],
)
async def test_conditions_select_the_same(
    container: ContainerProxy, sql: str, given: dict[str, object], expected: list[str]
) -> None:
    await filled(container)
    assert await ids(container, sql, **given) == expected


async def test_the_first_of_an_order_and_their_number(container: ContainerProxy) -> None:
    await filled(container)
    sql = "SELECT TOP 2 c.id, c.n FROM c WHERE c.place = @here ORDER BY c.n DESC"
    found = await rows(container, sql, "p", here="p")
    assert found == [{"id": "t5", "n": 5}, {"id": "t4", "n": 4}]
    sql = "SELECT VALUE COUNT(1) FROM c WHERE c.place = @here AND c.n > 2"
    assert await rows(container, sql, "p", here="p") == [3]


async def test_partial_changes_keep_the_rest(container: ContainerProxy) -> None:
    await container.create_item(thing("a", 1))
    await container.patch_item("a", "p", [{"op": "set", "path": "/n", "value": 9}])
    found = await container.read_item("a", "p")
    assert (found["n"], found["name"]) == (9, "a")
