"""Spaces belong to a tenant; what is deleted or foreign does not exist."""

from dataclasses import replace

import pytest

from app.core import filters, receipts, spaces
from app.core.access import Principal
from app.core.errors import ForbiddenError, NotFoundError, StaleEtagError
from app.core.ids import new_id
from app.core.ports import Listing, Ports
from tests.app.core import acting


async def test_a_space_reads_back_as_it_was_created(ports: Ports, alice: Principal) -> None:
    content = spaces.SpaceContent(name="Congés", description="d", metadata={"n": 1}, tags=("a",))
    made = await spaces.create(ports, alice, content)
    found = await spaces.get(ports, alice, made.value.id)
    assert found == made
    assert (found.value.name, found.value.metadata) == ("Congés", {"n": 1})


async def test_creating_again_under_the_same_id_gives_the_first_space(
    ports: Ports, alice: Principal
) -> None:
    id_ = new_id("spc")
    first = await spaces.create(ports, alice, spaces.SpaceContent(name="one"), id_=id_)
    again = await spaces.create(ports, alice, spaces.SpaceContent(name="two"), id_=id_)
    assert again == first


async def test_a_foreign_space_is_refused_like_a_missing_one(
    ports: Ports, alice: Principal, mallory: Principal
) -> None:
    theirs = await acting.space(ports, alice)
    missing = new_id("spc")
    for wanted in (theirs, missing):
        with pytest.raises(NotFoundError) as refused:
            await spaces.get(ports, mallory, wanted)
        assert refused.value.facts == {"id": wanted}


async def test_a_key_kept_to_some_spaces_sees_those_only(ports: Ports, alice: Principal) -> None:
    ids = [await acting.space(ports, alice) for _ in range(3)]
    kept = replace(alice, space_ids=frozenset({ids[0], ids[2], new_id("spc")}))
    page = await spaces.page(ports, kept, Listing())
    assert [s.value.id for s in page.items] == [ids[0], ids[2]]
    first = await spaces.page(ports, kept, Listing(limit=1))
    rest = await spaces.page(ports, kept, Listing(limit=1, after=first.next_after))
    assert [s.value.id for s in (*first.items, *rest.items)] == [ids[0], ids[2]]
    assert rest.next_after is None
    with pytest.raises(NotFoundError):
        await spaces.get(ports, kept, ids[1])


async def test_a_key_kept_to_some_spaces_creates_none(ports: Ports, alice: Principal) -> None:
    kept = replace(alice, space_ids=frozenset({new_id("spc")}))
    with pytest.raises(ForbiddenError, match="on every space"):
        await spaces.create(ports, kept, spaces.SpaceContent(name="x"))


async def test_pages_filter_and_follow_on(ports: Ports, alice: Principal) -> None:
    for number in range(5):
        tags = ("even",) if number % 2 == 0 else ()
        await spaces.create(ports, alice, spaces.SpaceContent(name=f"{number}", tags=tags))
    where = filters.Condition("tags", filters.Op.EQ, "even")
    first = await spaces.page(ports, alice, Listing(limit=2, where=where))
    rest = await spaces.page(ports, alice, Listing(limit=2, where=where, after=first.next_after))
    assert [s.value.name for s in (*first.items, *rest.items)] == ["0", "2", "4"]


async def test_a_change_on_a_stale_read_is_refused_and_changes_nothing(
    ports: Ports, alice: Principal
) -> None:
    made = await spaces.create(ports, alice, spaces.SpaceContent(name="one"))
    changed = spaces.SpaceContent(name="two")
    await spaces.change(ports, alice, made, changed, made.etag)
    with pytest.raises(StaleEtagError):
        await spaces.change(ports, alice, made, spaces.SpaceContent(name="3"), made.etag)
    assert (await spaces.get(ports, alice, made.value.id)).value.name == "two"


async def test_deleting_a_space_hides_it_at_once_and_then_leaves_nothing(
    ports: Ports, alice: Principal
) -> None:
    id_ = await acting.space(ports, alice)
    await acting.upload(ports, alice, id_, acting.PASSPORT)
    await acting.ask(ports, alice, [id_], "How long is a passport valid?")
    await spaces.delete(ports, alice, id_)
    with pytest.raises(NotFoundError):
        await spaces.get(ports, alice, id_)
    assert (await spaces.page(ports, alice, Listing())).items == ()
    await acting.work(ports)
    receipt = (await receipts.get(ports, alice, id_)).value
    assert receipt.completed_at is not None
    assert set(receipt.remaining.values()) == {0}
    assert receipt.removed["passages"] == 1
    assert receipt.removed["blobs"] == 3
    partition = alice.space(id_)
    assert await ports.index.count(partition) == 0
    assert await ports.blobs.count(partition) == 0
