import asyncio

import pytest

from app.core.errors import ConflictError, InvalidInputError, LeaseLostError, StaleEtagError
from app.core.filters import Condition, Op
from app.core.kinds import CONTENT_CLAIMS, DOCUMENTS, QUOTATIONS, SPACES
from app.core.models import ContentClaim, JobKind, Partition, Space
from app.core.ports import Enqueue, Look, Put, Remove, Settle
from tests.contract.backends import Storage
from tests.contract.sample import NOW, a_document, a_job, a_space, minted, renamed


async def _put(storage: Storage, home: Partition, space: Space) -> str:
    [etag] = await storage.records.commit(home, Put(kind=SPACES, value=space))
    return etag


async def test_a_committed_record_is_read_back_whole(storage: Storage, home: Partition) -> None:
    space = a_space(home, tags=("hr", "été"))
    etag = await _put(storage, home, space)
    found = await storage.records.get(SPACES, home, space.id)
    assert found is not None
    assert (found.value, found.etag) == (space, etag)


async def test_what_was_never_stored_is_none(storage: Storage, home: Partition) -> None:
    assert await storage.records.get(SPACES, home, "spc_none") is None
    assert await storage.records.find(SPACES, home.tenant_id, "spc_none") is None


async def test_a_look_tells_how_records_stand_in_a_commit(
    storage: Storage, home: Partition
) -> None:
    tagged, plain, new = a_space(home, tags=("hr",)), a_space(home), a_space(home)
    etag = await _put(storage, home, tagged)
    await _put(storage, home, plain)
    where = Condition("tags", Op.EQ, "hr")
    looks = [
        Look(kind=SPACES, id=id_, where=where) for id_ in ("spc_none", tagged.id, plain.id, "spc_x")
    ]
    told = await storage.records.commit(home, *looks[:2], Put(kind=SPACES, value=new), *looks[2:])
    stored = await storage.records.get(SPACES, home, new.id)
    assert stored is not None
    assert list(told) == ["", etag, stored.etag, "", ""]


async def test_a_refused_commit_with_a_look_changes_nothing(
    storage: Storage, home: Partition
) -> None:
    space = a_space(home)
    await _put(storage, home, space)
    look = Look(kind=SPACES, id="spc_none", where=Condition("deleted", Op.EQ, value=False))
    put, taken = a_space(home), Put(kind=SPACES, value=space, if_absent=True)
    with pytest.raises(ConflictError):
        await storage.records.commit(home, look, Put(kind=SPACES, value=put), taken)
    assert await storage.records.get(SPACES, home, put.id) is None


async def test_get_many_returns_those_that_exist(storage: Storage, home: Partition) -> None:
    spaces = [a_space(home, str(n)) for n in range(3)]
    for space in spaces:
        await _put(storage, home, space)
    found = await storage.records.get_many(SPACES, home, [spaces[0].id, "spc_none", spaces[2].id])
    assert {id_: stored.value.name for id_, stored in found.items()} == {
        spaces[0].id: "0",
        spaces[2].id: "2",
    }


async def test_every_write_changes_the_etag(storage: Storage, home: Partition) -> None:
    space = a_space(home)
    assert await _put(storage, home, space) != await _put(storage, home, space)


async def test_a_stale_etag_is_refused_and_changes_nothing(
    storage: Storage, home: Partition
) -> None:
    space = a_space(home, "first")
    old = await _put(storage, home, space)
    await _put(storage, home, renamed(space, "second"))
    with pytest.raises(StaleEtagError):
        await storage.records.commit(
            home, Put(kind=SPACES, value=renamed(space, "third"), if_etag=old)
        )
    with pytest.raises(StaleEtagError):
        await storage.records.commit(home, Remove(kind=SPACES, id=space.id, if_etag=old))
    found = await storage.records.get(SPACES, home, space.id)
    assert found is not None
    assert found.value.name == "second"


async def test_an_etag_is_never_used_again_after_delete_and_recreate(
    storage: Storage, home: Partition
) -> None:
    space = a_space(home)
    old = await _put(storage, home, space)
    await storage.records.commit(home, Remove(kind=SPACES, id=space.id))
    assert await _put(storage, home, space) != old
    with pytest.raises(StaleEtagError):
        await storage.records.commit(home, Put(kind=SPACES, value=space, if_etag=old))


async def test_a_conditional_write_to_a_missing_record_is_stale(
    storage: Storage, home: Partition
) -> None:
    with pytest.raises(StaleEtagError):
        await storage.records.commit(home, Put(kind=SPACES, value=a_space(home), if_etag="gone"))
    with pytest.raises(StaleEtagError):
        await storage.records.commit(home, Remove(kind=SPACES, id="spc_none", if_etag="gone"))
    assert await storage.records.count(SPACES, home) == 0


async def test_if_absent_refuses_an_existing_record(storage: Storage, home: Partition) -> None:
    space = a_space(home, "first")
    await storage.records.commit(home, Put(kind=SPACES, value=space, if_absent=True))
    with pytest.raises(ConflictError):
        await storage.records.commit(
            home, Put(kind=SPACES, value=renamed(space, "second"), if_absent=True)
        )
    found = await storage.records.get(SPACES, home, space.id)
    assert found is not None
    assert found.value.name == "first"


async def test_removing_what_is_missing_is_no_error(storage: Storage, home: Partition) -> None:
    assert await storage.records.commit(home, Remove(kind=SPACES, id="spc_none")) == [""]


async def test_one_refused_change_undoes_the_whole_commit(
    storage: Storage, space: Partition
) -> None:
    kept, lost, job = a_document(space, "kept"), a_document(space, "lost"), a_job(space)
    await storage.records.commit(space, Put(kind=DOCUMENTS, value=kept))
    with pytest.raises(ConflictError):
        await storage.records.commit(
            space,
            Put(kind=DOCUMENTS, value=lost),
            Enqueue(job=job),
            Remove(kind=DOCUMENTS, id=kept.id),
            Put(kind=DOCUMENTS, value=kept),
            Put(kind=DOCUMENTS, value=kept, if_absent=True),
        )
    assert await storage.records.get(DOCUMENTS, space, lost.id) is None
    assert await storage.records.get(DOCUMENTS, space, kept.id) is not None
    assert await storage.records.count(DOCUMENTS, space) == 1
    assert await storage.jobs.claim([JobKind.INGEST], worker="w", lease_s=5) is None


async def test_a_lost_lease_undoes_the_whole_commit(storage: Storage, space: Partition) -> None:
    document = a_document(space)
    lease = minted(a_job(space), NOW)  # never given
    with pytest.raises(LeaseLostError):
        await storage.records.commit(
            space, Put(kind=DOCUMENTS, value=document), Settle(lease=lease)
        )
    assert await storage.records.get(DOCUMENTS, space, document.id) is None


async def test_a_commit_returns_etags_in_the_order_of_its_changes(
    storage: Storage, space: Partition
) -> None:
    document = a_document(space)
    claim = ContentClaim(id="0" * 64, document_id=document.id)
    etags = await storage.records.commit(
        space,
        Put(kind=DOCUMENTS, value=document),
        Enqueue(job=a_job(space)),
        Remove(kind=DOCUMENTS, id="doc_none"),
        Put(kind=CONTENT_CLAIMS, value=claim),
    )
    first = await storage.records.get(DOCUMENTS, space, document.id)
    last = await storage.records.get(CONTENT_CLAIMS, space, claim.id)
    assert first is not None
    assert last is not None
    assert list(etags) == [first.etag, "", "", last.etag]


async def test_a_job_of_another_partition_is_refused(
    storage: Storage, space: Partition, stranger: Partition
) -> None:
    with pytest.raises(ValueError, match="does not belong to the partition"):
        await storage.records.commit(space, Enqueue(job=a_job(stranger)))


async def test_a_value_that_json_cannot_carry_is_refused_and_nothing_is_kept(
    storage: Storage, home: Partition
) -> None:
    with pytest.raises(InvalidInputError, match="surrogates"):
        await _put(storage, home, a_space(home, "half a character: \ud83d"))
    assert await storage.records.count(SPACES, home) == 0


async def test_concurrent_writers_lose_no_update(storage: Storage, home: Partition) -> None:
    space = a_space(home, "0")
    await _put(storage, home, space)

    async def increment() -> None:
        while True:
            found = await storage.records.get(SPACES, home, space.id)
            assert found is not None
            more = renamed(space, str(int(found.value.name) + 1))
            try:
                await storage.records.commit(home, Put(kind=SPACES, value=more, if_etag=found.etag))
            except StaleEtagError:
                continue
            return

    await asyncio.gather(*(increment() for _ in range(20)))
    found = await storage.records.get(SPACES, home, space.id)
    assert found is not None
    assert found.value.name == "20"


async def test_of_concurrent_creations_one_succeeds(storage: Storage, home: Partition) -> None:
    space = a_space(home)
    change = Put(kind=SPACES, value=space, if_absent=True)
    results = await asyncio.gather(
        *(storage.records.commit(home, change) for _ in range(10)), return_exceptions=True
    )
    assert sum(isinstance(result, ConflictError) for result in results) == 9
    assert await storage.records.count(SPACES, home) == 1


async def test_counts_follow_puts_and_removals(storage: Storage, space: Partition) -> None:
    documents = [a_document(space) for _ in range(3)]
    for document in documents:
        await storage.records.commit(space, Put(kind=DOCUMENTS, value=document))
        await storage.records.commit(space, Put(kind=DOCUMENTS, value=document))
    assert await storage.records.count(DOCUMENTS, space) == 3
    await storage.records.commit(space, Remove(kind=DOCUMENTS, id=documents[0].id))
    await storage.records.commit(space, Remove(kind=DOCUMENTS, id=documents[0].id))
    assert await storage.records.count(DOCUMENTS, space) == 2
    assert await storage.records.count(QUOTATIONS, space) == 0


async def test_a_healthy_store_answers_a_ping(storage: Storage, home: Partition) -> None:
    await storage.records.ping()
    assert await storage.records.count(SPACES, home) == 0
