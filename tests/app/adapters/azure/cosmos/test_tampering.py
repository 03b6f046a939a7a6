"""Who can write to the database can't change the trail unnoticed."""

from typing import Any

import pytest

from app.adapters.azure.cosmos import CosmosStore
from app.core.kinds import SPACES
from app.core.models import Partition
from app.core.ports import Put
from tests.contract.sample import a_space
from tests.contract.test_audit_log import a_request, an_act, on_behalf
from tests.peers.cosmos.partition import Item
from tests.peers.cosmos.partition import Partition as Inside
from tests.peers.cosmos.running import Running
from tests.peers.cosmos.store import Container


@pytest.fixture
async def sealed(store: CosmosStore, home: Partition) -> CosmosStore:
    """A store with a trail of changes and requests that is sealed."""
    for number in range(4):
        with on_behalf(an_act(home)):
            await store.records.commit(home, Put(kind=SPACES, value=a_space(home)))
        store.audit.note(a_request(home, number))
    await store.audit.flush()
    await store.audit.seal()
    assert (await store.audit.verify()).problems == []
    return store


def held(peer: Running, store: CosmosStore, container: str) -> Container:
    return peer.peer.store.containers[f"{store.account.place.database}/{container}"]


def events(container: Container) -> list[tuple[Inside, Item]]:
    found = [
        (inside, item)
        for inside in container.items.values()
        for item in inside.values()
        if item["kind"] == "~event"
    ]
    return sorted(found, key=lambda one: one[1]["seq"])


@pytest.mark.parametrize("container", ["records", "audit_logs"])
@pytest.mark.parametrize(
    ("members", "problem"),
    [
        ({"body": "{}"}, "was changed"),
        ({"at": "2020-01-01T00:00:00.000000+00:00"}, "was changed"),
        ({"payload": '{"address":"198.51.100.1"}'}, "personal data does not match"),
        ({"actor": "key:b"}, "is listed under another"),
        ({"objects": []}, "is listed under another"),
    ],
)
async def test_an_event_that_was_changed_is_found(
    cosmos_peer: Running, sealed: CosmosStore, container: str, members: dict[str, Any], problem: str
) -> None:
    inside, item = events(held(cosmos_peer, sealed, container))[1]
    body = dict(members)
    if "body" in body:
        body["body"] = item["body"].replace("key:a", "key:b")
    inside[item["id"]] = {**item, **body}
    problems = (await sealed.audit.verify()).problems
    assert any(problem in one for one in problems), problems


@pytest.mark.parametrize(("place", "problem"), [(1, "is missing"), (-1, "was sealed up to")])
async def test_an_event_that_was_dropped_is_found(
    cosmos_peer: Running, sealed: CosmosStore, place: int, problem: str
) -> None:
    inside, item = events(held(cosmos_peer, sealed, "audit_logs"))[place]
    del inside[item["id"]]
    problems = (await sealed.audit.verify()).problems
    assert any(problem in one for one in problems), problems


async def test_a_checkpoint_that_was_dropped_is_found_by_its_copy(
    cosmos_peer: Running, sealed: CosmosStore
) -> None:
    inside = held(cosmos_peer, sealed, "audit_logs").items['["~eva", "~checkpoints"]']
    inside.clear()
    problems = (await sealed.audit.verify()).problems
    assert "checkpoint 1: the store does not have the copy's" in problems


async def test_what_is_chained_holds_nothing_personal(
    cosmos_peer: Running, sealed: CosmosStore
) -> None:
    bodies = [
        item["body"]
        for name in ("records", "audit_logs")
        for _, item in events(held(cosmos_peer, sealed, name))
    ]
    assert len(bodies) == 8
    assert not any("203.0.113.7" in body for body in bodies)
