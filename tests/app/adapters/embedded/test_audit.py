"""The audit trail: every change is in it, and no one alters it unnoticed."""

import asyncio
import multiprocessing
import shutil
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.adapters.embedded import EmbeddedStore, open_store
from app.adapters.embedded.sealing import COPIES
from app.core.audit import Act, Report, acting, link_hash
from app.core.errors import ConflictError
from app.core.kinds import SPACES
from app.core.models import Partition, Space
from app.core.ports import AuditFilter, Noted, Put

TENANT = "ten_a"
HOME = Partition(TENANT)
ACT = Act(
    tenant_id=TENANT,
    actor="key:a",
    action="createSpace",
    request_id="req_1",
    personal={"address": "203.0.113.7"},
)
WRITERS, EACH = 4, 150


class Clock:
    """Wall time that the test moves."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


def space(id_: str) -> Space:
    now = datetime.now(UTC)
    return Space(
        id=id_, tenant_id=TENANT, name=id_, created_at=now, updated_at=now, created_by="key:a"
    )


def noted(number: int, tenant_id: str = TENANT) -> Noted:
    return Noted(
        tenant_id=tenant_id,
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


async def fill(store: EmbeddedStore, clock: Clock, first: int = 0) -> None:
    """Write changes and requests, seal, and write some more."""
    for number in range(first, first + 5):
        with on_behalf(ACT):
            await store.records.commit(HOME, Put(kind=SPACES, value=space(f"spc_{number}")))
        store.audit.note(noted(number))
    await store.audit.flush()
    clock.now += 61
    assert await store.audit.seal() is not None
    store.audit.note(noted(first + 99))
    await store.audit.flush()


@pytest.fixture
def clock() -> Clock:
    return Clock()


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


Tamper = Callable[[sqlite3.Connection], object]


def sql(*statements: str) -> Tamper:
    def run(connection: sqlite3.Connection) -> None:
        for statement in statements:
            connection.execute(statement)

    return run


def swapped(connection: sqlite3.Connection) -> None:
    """Exchange what two events say."""
    rows = connection.execute("SELECT seq, body FROM audit_events WHERE seq IN (2, 3)").fetchall()
    (a, body_a), (b, body_b) = rows
    connection.execute("UPDATE audit_events SET body = ? WHERE seq = ?", (body_b, a))
    connection.execute("UPDATE audit_events SET body = ? WHERE seq = ?", (body_a, b))


def rechained(connection: sqlite3.Connection) -> None:
    """Change an event and make all hashes behind it right again, as whoever knows how would."""
    rows = connection.execute("SELECT seq, writer, at, body, previous FROM audit_events").fetchall()
    previous = rows[0][4]
    connection.execute("UPDATE audit_events SET previous = 'x' || seq")
    for seq, writer, at, body, _ in rows:
        said = body.replace("req_2", "req_x")
        made = link_hash(writer, seq, at, said.encode(), previous)
        connection.execute(
            "UPDATE audit_events SET body = ?, previous = ?, hash = ? WHERE seq = ?",
            (said, previous, made, seq),
        )
        previous = made


@pytest.mark.parametrize(
    ("tamper", "reason"),
    [
        (sql("UPDATE audit_events SET body = replace(body, '200', '403')"), "was changed"),
        (sql("UPDATE audit_events SET at = '2020-01-01' WHERE seq = 4"), "was changed"),
        (sql("DELETE FROM audit_events WHERE seq = 5"), "number 5 is missing"),
        (swapped, "was changed"),
        (rechained, "is not the event that was sealed"),
        (
            sql(
                "INSERT INTO audit_events (writer, seq, at, body, previous, hash, tenant, actor)"
                " SELECT writer, seq + 1, at, body, hash, 'made up', tenant, actor"
                " FROM audit_events ORDER BY seq DESC LIMIT 1"
            ),
            "was changed",
        ),
        (
            sql(
                "INSERT INTO audit_events (writer, seq, at, body, previous, hash, tenant, actor)"
                " SELECT 'stranger', 1, at, body, 'x', 'made up', tenant, actor"
                " FROM audit_events LIMIT 1"
            ),
            "event stranger/1: was changed",
        ),
        (sql("UPDATE audit_events SET tenant = 'ten_b' WHERE seq = 3"), "under another tenant"),
        (sql("DELETE FROM audit_events"), "sealed up to 10, but has no events"),
        (sql("DELETE FROM audit_events WHERE seq > 7"), "ends at 7, but was sealed up to 10"),
        (sql("DELETE FROM audit_checkpoints"), "the store does not have the copy's"),
        (
            sql("UPDATE audit_checkpoints SET note = replace(note, 'eva', 'ave')"),
            "hash does not match",
        ),
        (
            sql("UPDATE audit_personal SET payload = x'7b7d' WHERE seq = 3"),
            "personal data does not match its commitment",
        ),
    ],
    ids=[
        "edited", "backdated", "deleted", "reordered", "rewritten whole", "appended", "inserted",
        "hidden", "writer dropped", "truncated", "checkpoints dropped", "checkpoint edited",
        "personal data edited",
    ],
)  # fmt: skip
async def test_tampering_is_found_and_named(
    store: EmbeddedStore, clock: Clock, tmp_path: Path, tamper: Tamper, reason: str
) -> None:
    await fill(store, clock)
    with closing(sqlite3.connect(tmp_path / "data" / "eva.db")) as connection, connection:
        tamper(connection)
    report: Report = await store.audit.verify()
    assert any(reason in problem for problem in report.problems), report.problems


async def test_a_store_that_was_rebuilt_does_not_match_the_copies_of_the_old_one(
    tmp_path: Path, clock: Clock
) -> None:
    async with open_store(tmp_path / "old", clock=clock) as old:
        await fill(old, clock)
    async with open_store(tmp_path / "new", clock=clock) as new:
        await fill(new, clock)
        shutil.copytree(tmp_path / "old" / "audit", tmp_path / "new" / "audit", dirs_exist_ok=True)
        report = await new.audit.verify()
    assert "checkpoint 1: the store does not have the copy's" in report.problems


async def test_a_copy_that_a_crash_cut_off_is_made_again(
    store: EmbeddedStore, clock: Clock, tmp_path: Path
) -> None:
    await fill(store, clock)
    copies = tmp_path / "data" / "audit" / COPIES
    copies.write_bytes(copies.read_bytes()[:-20])
    clock.now += 61
    await store.audit.seal()
    report = await store.audit.verify()
    assert (report.problems, report.checkpoints, report.copies) == ([], 2, 2)


async def test_a_new_process_starts_its_own_chain_on_the_last_checkpoint(
    tmp_path: Path, clock: Clock
) -> None:
    for first in (0, 10, 20):
        async with open_store(tmp_path / "data", clock=clock) as store:
            await fill(store, clock, first)
    async with open_store(tmp_path / "data", clock=clock) as store:
        report = await store.audit.verify()
    assert (report.problems, report.writers, report.events) == ([], 3, 33)


def write_alone(root: str, number: int) -> None:
    """Append events in a process of its own."""

    async def write() -> None:
        async with open_store(Path(root)) as store:
            for n in range(EACH):
                with on_behalf(replace(ACT, actor=f"key:{number}")):
                    put = Put(kind=SPACES, value=space(f"spc_{number}_{n}"))
                    await store.records.commit(HOME, put)

    asyncio.run(write())


async def test_four_processes_that_write_at_once_fork_no_chain(tmp_path: Path) -> None:
    root = str(tmp_path / "data")
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=write_alone, args=(root, n)) for n in range(WRITERS)]
    for process in processes:
        process.start()
    for process in processes:
        await asyncio.to_thread(process.join)
    assert [process.exitcode for process in processes] == [0] * WRITERS
    async with open_store(Path(root)) as store:
        report = await store.audit.verify()
    assert report.problems == []
    assert (report.writers, report.events) == (WRITERS, WRITERS * EACH)
