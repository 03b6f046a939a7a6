"""What every `AuditLog` promises."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from app.core.audit import Act, acting
from app.core.errors import BadCursorError, ConflictError
from app.core.ids import new_id
from app.core.kinds import CONTENT_CLAIMS, DOCUMENTS, SPACES
from app.core.models import ContentClaim, Partition
from app.core.models.auditing import AuditEvent
from app.core.ports import AuditFilter, Noted, Put, Remove
from tests.contract.backends import Storage
from tests.contract.sample import a_document, a_space

ANYTHING = AuditFilter()


def an_act(home: Partition, actor: str = "key:a") -> Act:
    return Act(
        tenant_id=home.tenant_id,
        actor=actor,
        action="createSpace",
        request_id="req_1",
        personal={"address": "203.0.113.7"},
    )


def a_request(home: Partition, number: int) -> Noted:
    return Noted(
        tenant_id=home.tenant_id,
        actor="key:a",
        action="getSpace",
        decision="allowed",
        outcome="200",
        targets=(f"space/{number}",),
        request_id=f"req_{number}",
        personal={"address": "203.0.113.7"},
    )


@contextmanager
def on_behalf(act: Act) -> Iterator[None]:
    token = acting.set(act)
    try:
        yield
    finally:
        acting.reset(token)


async def events(
    storage: Storage, home: Partition, wanted: AuditFilter = ANYTHING
) -> list[AuditEvent]:
    page = await storage.audit.events(home.tenant_id, wanted, after=None, limit=50)
    return list(page.items)


async def fill(storage: Storage, home: Partition, space: Partition) -> list[str]:
    """Change and ask for things, in two partitions; return the ids of what was put."""
    ids = []
    for number in range(3):
        one = a_space(home)
        document = a_document(space)
        with on_behalf(an_act(home)):
            await storage.records.commit(home, Put(kind=SPACES, value=one))
            await storage.records.commit(space, Put(kind=DOCUMENTS, value=document))
        storage.audit.note(a_request(home, number))
        ids += [one.id, document.id]
    await storage.audit.flush()
    return ids


async def test_a_change_is_recorded_with_who_what_and_which_object(
    storage: Storage, home: Partition
) -> None:
    space = a_space(home)
    with on_behalf(an_act(home)):
        await storage.records.commit(home, Put(kind=SPACES, value=space))
        await storage.records.commit(home, Remove(kind=SPACES, id=space.id))
    put, removed = await events(storage, home)
    assert (put.actor, put.action, put.request_id) == ("key:a", "createSpace", "req_1")
    assert put.targets == (f"put space/{space.id}",)
    assert removed.targets == (f"remove space/{space.id}",)
    assert put.personal == {"address": "203.0.113.7"}
    assert put.commitment is not None


async def test_what_is_not_audited_leaves_no_event(storage: Storage, space: Partition) -> None:
    claim = ContentClaim(id="0" * 64, document_id=new_id("doc"))
    with on_behalf(an_act(space)):
        await storage.records.commit(space, Put(kind=CONTENT_CLAIMS, value=claim))
    assert await events(storage, space) == []


async def test_a_change_that_is_refused_leaves_no_event_and_a_whole_trail(
    storage: Storage, home: Partition
) -> None:
    space = a_space(home)
    with on_behalf(an_act(home)):
        await storage.records.commit(home, Put(kind=SPACES, value=space, if_absent=True))
        with pytest.raises(ConflictError):
            await storage.records.commit(home, Put(kind=SPACES, value=space, if_absent=True))
        await storage.records.commit(home, Put(kind=SPACES, value=replace(space, name="other")))
    assert len(await events(storage, home)) == 2
    assert (await storage.audit.verify()).problems == []


async def test_an_event_may_tell_of_many_requests(storage: Storage, home: Partition) -> None:
    storage.audit.note(replace(a_request(home, 1), count=1_234))
    storage.audit.note(a_request(home, 2))
    await storage.audit.flush()
    page = await storage.audit.events(home.tenant_id, AuditFilter(), after=None, limit=10)
    assert [one.count for one in page.items] == [1_234, 1]
    assert (await storage.audit.verify()).problems == []


async def test_a_sealed_trail_verifies_and_tells_what_is_not_sealed_yet(
    storage: Storage, home: Partition, space: Partition
) -> None:
    await fill(storage, home, space)
    assert await storage.audit.seal() is not None
    assert await storage.audit.seal() is None
    with on_behalf(an_act(home)):
        await storage.records.commit(home, Put(kind=SPACES, value=a_space(home)))
    report = await storage.audit.verify()
    assert report.problems == []
    assert (report.events, report.unsealed_tail) == (10, 1)
    assert (report.checkpoints, report.copies) == (1, 1)


async def test_erasing_personal_data_leaves_the_trail_whole(
    storage: Storage, home: Partition, space: Partition
) -> None:
    await fill(storage, home, space)
    await storage.audit.seal()
    assert await storage.audit.erase_personal(home.tenant_id, "key:b") == 0
    assert await storage.audit.erase_personal(home.tenant_id, "key:a") == 9
    assert await storage.audit.erase_personal(home.tenant_id, "key:a") == 0
    report = await storage.audit.verify()
    assert report.problems == []
    assert report.erased == 9
    assert all(event.personal == {} for event in await events(storage, home))


@pytest.mark.parametrize(
    ("wanted", "number"),
    [
        (AuditFilter(action="createSpace"), 6),
        (AuditFilter(action="getSpace", actor="key:a"), 3),
        (AuditFilter(target="space/2"), 1),
        (AuditFilter(outcome="200", request_id="req_2"), 1),
        (AuditFilter(actor="key:b"), 0),
        (AuditFilter(until=datetime(2020, 1, 1, tzinfo=UTC)), 0),
        (AuditFilter(since=datetime(2020, 1, 1, tzinfo=UTC)), 9),
    ],
)
async def test_an_auditor_filters_events(
    storage: Storage, home: Partition, space: Partition, wanted: AuditFilter, number: int
) -> None:
    [*_, last] = await fill(storage, home, space)
    assert len(await events(storage, home, wanted)) == number
    of_last = await events(storage, home, AuditFilter(target=f"document/{last}"))
    assert [event.targets for event in of_last] == [(f"put document/{last}",)]


async def test_events_are_paged_oldest_first_and_other_tenants_see_none(
    storage: Storage, home: Partition, space: Partition, stranger: Partition
) -> None:
    await fill(storage, home, space)
    seen: list[AuditEvent] = []
    after: str | None = None
    while True:
        page = await storage.audit.events(home.tenant_id, ANYTHING, after=after, limit=4)
        seen += page.items
        after = page.next_after
        if after is None:
            break
    assert len({event.id for event in seen}) == len(seen) == 9
    assert [event.at for event in seen] == sorted(event.at for event in seen)
    assert await events(storage, stranger) == []


async def test_a_cursor_that_was_made_up_is_refused(storage: Storage, home: Partition) -> None:
    with pytest.raises(BadCursorError):
        await storage.audit.events(home.tenant_id, ANYTHING, after="one; two", limit=4)


async def test_events_of_a_space_outlive_it(storage: Storage, space: Partition) -> None:
    with on_behalf(an_act(space)):
        await storage.records.commit(space, Put(kind=DOCUMENTS, value=a_document(space)))
    await storage.records.erase(space)
    assert len(await events(storage, space)) == 1
    assert (await storage.audit.verify()).problems == []
