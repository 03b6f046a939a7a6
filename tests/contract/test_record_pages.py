from app.core.filters import AllOf, Condition, Op
from app.core.kinds import DOCUMENTS, QUOTATIONS, SPACES
from app.core.models import Partition, Quotation, Space
from app.core.ports import Listing, Put
from tests.contract.backends import Storage
from tests.contract.sample import NOW, a_document, a_space


async def _put(storage: Storage, home: Partition, space: Space) -> str:
    [etag] = await storage.records.commit(home, Put(kind=SPACES, value=space))
    return etag


async def test_pages_follow_ids_in_both_directions(storage: Storage, home: Partition) -> None:
    spaces = [a_space(home, str(n)) for n in range(7)]
    for space in reversed(spaces):
        await _put(storage, home, space)
    ids = [space.id for space in spaces]
    assert await _walk(storage, home, Listing(limit=3)) == ids
    assert await _walk(storage, home, Listing(limit=3, descending=True)) == ids[::-1]


async def test_a_full_last_page_has_no_successor(storage: Storage, home: Partition) -> None:
    for n in range(4):
        await _put(storage, home, a_space(home, str(n)))
    first = await storage.records.page(SPACES, home, Listing(limit=2))
    last = await storage.records.page(SPACES, home, Listing(limit=2, after=first.next_after))
    assert first.next_after == first.items[-1].value.id
    assert (len(last.items), last.next_after) == (2, None)


async def test_an_empty_partition_has_an_empty_page(storage: Storage, home: Partition) -> None:
    page = await storage.records.page(SPACES, home, Listing())
    assert (page.items, page.next_after) == ((), None)


async def test_pages_stay_stable_while_records_are_added(storage: Storage, home: Partition) -> None:
    spaces = [a_space(home, str(n)) for n in range(9)]
    for space in spaces[1::2]:
        await _put(storage, home, space)
    first = await storage.records.page(SPACES, home, Listing(limit=2))
    for space in spaces[::2]:
        await _put(storage, home, space)
    rest = await _walk(storage, home, Listing(limit=2, after=first.next_after))
    assert [stored.value.id for stored in first.items] == [spaces[1].id, spaces[3].id]
    assert rest == [space.id for space in spaces[4:]]


async def test_pages_of_a_prefix_hold_nothing_else(storage: Storage, space: Partition) -> None:
    for id_ in ("doc_a:qry_1", "doc_a:qry_2", "doc_a:qry_3", "doc_aa:qry_1", "doc_b:qry_1"):
        quotation = Quotation(id=id_, query_id=id_[-5:], query_space_id=space.space_id)
        await storage.records.commit(space, Put(kind=QUOTATIONS, value=quotation))
    page = await storage.records.page(QUOTATIONS, space, Listing(prefix="doc_a:", limit=2))
    assert [stored.value.id for stored in page.items] == ["doc_a:qry_1", "doc_a:qry_2"]
    page = await storage.records.page(
        QUOTATIONS, space, Listing(prefix="doc_a:", limit=2, after=page.next_after)
    )
    assert [stored.value.id for stored in page.items] == ["doc_a:qry_3"]
    assert page.next_after is None
    page = await storage.records.page(
        QUOTATIONS, space, Listing(prefix="doc_a:", limit=5, descending=True)
    )
    assert page.items[0].value.id == "doc_a:qry_3"


async def test_a_filter_selects_across_pages(storage: Storage, space: Partition) -> None:
    documents = [a_document(space, f"Report {n % 3}") for n in range(12)]
    for document in documents:
        await storage.records.commit(space, Put(kind=DOCUMENTS, value=document))
    where = AllOf(
        (
            Condition("title", Op.EQ, "Report 1"),
            Condition("deleted", Op.EQ, False),
            Condition("created_at", Op.GTE, "2026"),
        )
    )
    found: list[str] = []
    listing = Listing(limit=3, where=where)
    first = await storage.records.page(DOCUMENTS, space, listing)
    found += [stored.value.id for stored in first.items]
    assert len(found) == 3
    rest = await storage.records.page(
        DOCUMENTS, space, Listing(limit=3, where=where, after=first.next_after)
    )
    found += [stored.value.id for stored in rest.items]
    assert found == [document.id for document in documents if document.title == "Report 1"]
    assert rest.next_after is None


async def test_a_filter_follows_the_newest_write(storage: Storage, home: Partition) -> None:
    space = a_space(home, tags=("old",))
    await _put(storage, home, space)
    old, new = (Listing(where=Condition("tags", Op.EQ, tag)) for tag in ("old", "new"))
    assert len((await storage.records.page(SPACES, home, old)).items) == 1
    changed = Space(
        id=space.id,
        tenant_id=space.tenant_id,
        name=space.name,
        tags=("new",),
        created_at=NOW,
        updated_at=NOW,
        created_by="key_1",
    )
    await _put(storage, home, changed)
    assert (await storage.records.page(SPACES, home, old)).items == ()
    assert len((await storage.records.page(SPACES, home, new)).items) == 1


async def _walk(storage: Storage, home: Partition, listing: Listing) -> list[str]:
    """Follow the pages from where the listing starts; return all ids."""
    found: list[str] = []
    after = listing.after
    while True:
        page = await storage.records.page(
            SPACES,
            home,
            Listing(after=after, limit=listing.limit, descending=listing.descending),
        )
        found += [stored.value.id for stored in page.items]
        after = page.next_after
        if after is None:
            return found
