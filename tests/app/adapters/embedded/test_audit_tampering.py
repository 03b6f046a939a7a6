"""No one alters the audit trail unnoticed."""

import asyncio
import multiprocessing
import shutil
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from app.adapters.embedded import EmbeddedStore, open_store
from app.adapters.embedded.sealing import COPIES
from app.core.audit import Report, link_hash
from app.core.kinds import SPACES
from app.core.ports import Put
from tests.app.adapters.embedded.auditing import (
    ACT,
    EACH,
    HOME,
    WRITERS,
    fill,
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
            sql("UPDATE audit_events SET payload = x'7b7d' WHERE seq = 3"),
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


async def test_one_writer_of_several_that_was_dropped_is_named(
    tmp_path: Path, clock: Clock
) -> None:
    for first in (0, 10):
        async with open_store(tmp_path / "data", clock=clock) as store:
            await fill(store, clock, first)
    with closing(sqlite3.connect(tmp_path / "data" / "eva.db")) as connection, connection:
        [writer] = connection.execute(
            "SELECT writer FROM audit_events ORDER BY position"
        ).fetchone()
        connection.execute("DELETE FROM audit_events WHERE writer = ?", (writer,))
    async with open_store(tmp_path / "data", clock=clock) as store:
        report = await store.audit.verify()
    assert f"writer {writer}: sealed up to 11, but has no events" in report.problems
    assert report.gaps == 11


async def test_a_change_and_its_event_are_both_there_or_neither_whenever_it_is_killed(
    tmp_path: Path,
) -> None:
    context = multiprocessing.get_context("spawn")
    for kill in range(3):
        written = context.RawValue("i", 0)
        place = str(tmp_path / "data")
        process = context.Process(target=write_alone, args=(place, kill, 100_000, written))
        process.start()
        while written.value < 40:
            assert process.is_alive()
            await asyncio.sleep(0.01)
        process.kill()
        await asyncio.to_thread(process.join)
    async with open_store(tmp_path / "data") as store:
        report = await store.audit.verify()
    with closing(sqlite3.connect(tmp_path / "data" / "eva.db")) as connection:
        kept = connection.execute("SELECT id FROM records WHERE kind = 'space'").fetchall()
        told = connection.execute(
            "SELECT substr(t.value, 11) FROM audit_events e, json_each(e.body, '$.targets') t"
        ).fetchall()
    assert len(kept) >= 120
    assert sorted(kept) == sorted(told)
    assert (report.problems, report.writers) == ([], 3)


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


def write_alone(root: str, number: int, times: int = EACH, written: Any = None) -> None:
    """Append events in a process of its own; tell how many."""

    async def write() -> None:
        async with open_store(Path(root)) as store:
            for n in range(times):
                with on_behalf(replace(ACT, actor=f"key:{number}")):
                    put = Put(kind=SPACES, value=space(f"spc_{number}_{n}"))
                    await store.records.commit(HOME, put)
                if written is not None:
                    written.value = n + 1

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
