"""The audit trail: every change is in it, and no one alters it unnoticed."""

import json
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.adapters.embedded import EmbeddedStore, open_store
from app.adapters.embedded.sealing import COPIES
from app.core.audit import canonical
from app.core.errors import ConflictError
from app.core.kinds import SPACES
from app.core.ports import AuditFilter, Put
from tests.app.adapters.embedded.auditing import (
    ACT,
    HOME,
    TENANT,
    fill,
    noted,
    on_behalf,
    space,
)
from tests.clock import Clock


@pytest.fixture
def clock() -> Clock:
    return Clock(1_800_000_000.0)


@pytest.fixture
async def store(tmp_path: Path, clock: Clock) -> AsyncIterator[EmbeddedStore]:
    async with open_store(tmp_path / "data", clock=clock) as opened:
        yield opened


async def test_a_change_is_recorded_with_who_what_and_which_object(
    store: EmbeddedStore,
) -> None:
    with on_behalf(ACT):
        await store.records.commit(HOME, Put(kind=SPACES, value=space("spc_1")))
    page = await store.audit.events(TENANT, AuditFilter(), after=None, limit=10)
    [event] = page.items
    assert (event.actor, event.action, event.request_id) == ("key:a", "createSpace", "req_1")
    assert event.targets == ("put space/spc_1",)
    assert event.personal == {"address": "203.0.113.7"}
    assert event.commitment is not None


async def test_a_change_that_is_refused_leaves_no_event(store: EmbeddedStore) -> None:
    with on_behalf(ACT):
        await store.records.commit(HOME, Put(kind=SPACES, value=space("spc_1"), if_absent=True))
        with pytest.raises(ConflictError):
            await store.records.commit(HOME, Put(kind=SPACES, value=space("spc_1"), if_absent=True))
    page = await store.audit.events(TENANT, AuditFilter(), after=None, limit=10)
    assert len(page.items) == 1


async def test_a_whole_trail_verifies_and_tells_what_is_not_sealed_yet(
    store: EmbeddedStore, clock: Clock
) -> None:
    await fill(store, clock)
    report = await store.audit.verify()
    assert report.problems == []
    assert (report.events, report.writers) == (11, 1)
    assert (report.checkpoints, report.copies) == (1, 1)
    assert report.unsealed_tail == 1
    assert report.oldest_unsealed is not None


async def test_a_checkpoint_is_written_every_minute_also_when_nothing_happens(
    store: EmbeddedStore, clock: Clock
) -> None:
    assert await store.audit.seal() is not None
    clock.now += 59
    assert await store.audit.seal() is None
    clock.now += 1
    again = await store.audit.seal()
    assert again is not None
    assert again.number == 2
    assert (await store.audit.verify()).problems == []


async def test_erasing_personal_data_leaves_the_trail_whole(
    store: EmbeddedStore, clock: Clock
) -> None:
    await fill(store, clock)
    assert await store.audit.erase_personal(TENANT, "key:a") == 11
    report = await store.audit.verify()
    assert report.problems == []
    assert report.erased == 11
    page = await store.audit.events(TENANT, AuditFilter(), after=None, limit=50)
    assert all(event.personal == {} for event in page.items)


async def test_no_personal_datum_is_in_what_is_chained(
    store: EmbeddedStore, clock: Clock, tmp_path: Path
) -> None:
    await fill(store, clock)
    with closing(sqlite3.connect(tmp_path / "data" / "eva.db")) as connection:
        bodies = [body for (body,) in connection.execute("SELECT body FROM audit_events")]
    assert len(bodies) == 11
    assert not any("203.0.113.7" in body for body in bodies)
    assert b"203.0.113.7" not in (tmp_path / "data" / "audit" / COPIES).read_bytes()


@pytest.mark.parametrize(
    ("wanted", "numbers"),
    [
        (AuditFilter(action="createSpace"), 5),
        (AuditFilter(action="getSpace"), 6),
        (AuditFilter(target="space/spc_3"), 1),
        (AuditFilter(target="space/99"), 1),
        (AuditFilter(outcome="200"), 6),
        (AuditFilter(request_id="req_2"), 1),
        (AuditFilter(actor="key:b"), 0),
        (AuditFilter(until=datetime(2020, 1, 1, tzinfo=UTC)), 0),
        (AuditFilter(since=datetime(2020, 1, 1, tzinfo=UTC)), 11),
    ],
)
async def test_an_auditor_filters_events(
    store: EmbeddedStore, clock: Clock, wanted: AuditFilter, numbers: int
) -> None:
    await fill(store, clock)
    page = await store.audit.events(TENANT, wanted, after=None, limit=50)
    assert len(page.items) == numbers


async def test_events_are_paged_in_order_and_other_tenants_see_none(
    store: EmbeddedStore, clock: Clock
) -> None:
    await fill(store, clock)
    seen: list[int] = []
    after: str | None = None
    while True:
        page = await store.audit.events(TENANT, AuditFilter(), after=after, limit=4)
        seen += [event.seq for event in page.items]
        after = page.next_after
        if after is None:
            break
    assert seen == list(range(1, 12))
    assert (await store.audit.events("ten_b", AuditFilter(), after=None, limit=5)).items == ()


async def test_an_event_is_stored_in_the_one_form_that_is_hashed(
    store: EmbeddedStore, tmp_path: Path
) -> None:
    odd = 'é\u2028"\\\n\x01\x7f𝄞'
    store.audit.note(replace(noted(1), request_id=odd, personal={"ß": odd, "a": "b"}))
    with on_behalf(replace(ACT, request_id=odd)):
        await store.records.commit(HOME, Put(kind=SPACES, value=space("spc_1")))
    await store.audit.flush()
    with closing(sqlite3.connect(tmp_path / "data" / "eva.db")) as connection:
        rows = connection.execute("SELECT body, payload FROM audit_events").fetchall()
    assert len(rows) == 2
    for said in (one for row in rows for one in (row[0].encode(), row[1])):
        assert said == canonical(json.loads(said))
