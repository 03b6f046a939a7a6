import asyncio
import contextlib
import resource
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.adapters.embedded import EmbeddedStore, open_store
from app.core.errors import ConflictError, StorageFullError, UnavailableError
from app.core.kinds import SPACES
from app.core.models import JobKind, Partition, Space
from app.core.ports import Change, Enqueue, Put
from tests.contract.sample import a_job, a_space

HOME = Partition("ten_default")


@pytest.fixture
def long_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    """However long a turn of the event loop takes: what it asks for is handed over together."""
    monkeypatch.setattr("app.adapters.embedded.writer._GATHER_S", 60.0)


@pytest.fixture
def statements(store: EmbeddedStore) -> list[str]:
    """What the writer's connection was told, in order."""
    told: list[str] = []
    store.records._writer._connection.set_trace_callback(told.append)
    return told


def put(space: Space, *, if_absent: bool = False) -> Change:
    return Put(kind=SPACES, value=space, if_absent=if_absent)


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the database as another program would."""
    with contextlib.closing(sqlite3.connect(folder / "eva.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


@contextlib.contextmanager
def files_limited_to(size: int) -> Iterator[None]:
    """Let no file of this process grow beyond a size: its disk is full."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def integrity(folder: Path) -> str:
    with contextlib.closing(sqlite3.connect(folder / "eva.db")) as connection:
        return str(connection.execute("PRAGMA integrity_check").fetchone()[0])


@pytest.mark.usefixtures("long_turns")
async def test_commits_that_arrive_together_share_a_transaction(
    store: EmbeddedStore, statements: list[str]
) -> None:
    spaces = [a_space(HOME, str(n)) for n in range(50)]
    await asyncio.gather(*(store.records.commit(HOME, put(space)) for space in spaces))
    assert await store.records.count(SPACES, HOME) == 50
    assert statements.count("COMMIT") < 10


@pytest.mark.parametrize(("gather_s", "handed_over"), [(60.0, 1), (0.0, 2)])
async def test_what_a_turn_of_the_loop_asks_for_is_handed_over_together_unless_the_turn_is_long(
    store: EmbeddedStore, monkeypatch: pytest.MonkeyPatch, gather_s: float, handed_over: int
) -> None:
    monkeypatch.setattr("app.adapters.embedded.writer._GATHER_S", gather_s)
    writer, busy, go = store.records._writer, threading.Event(), threading.Event()

    def keep_busy(_: sqlite3.Connection) -> bool:
        busy.set()
        return go.wait(30)

    before = asyncio.ensure_future(writer.run(keep_busy))
    assert await asyncio.to_thread(busy.wait, 30)
    commits = asyncio.gather(*(store.records.commit(HOME, put(a_space(HOME))) for _ in range(3)))
    await asyncio.sleep(0)  # the turn in which they ask …
    await asyncio.sleep(0)  # … and what follows it
    assert writer._tasks.qsize() == handed_over
    go.set()
    assert await before
    await commits
    assert await store.records.count(SPACES, HOME) == 3


@pytest.mark.usefixtures("long_turns")
async def test_a_refused_commit_undoes_itself_and_none_that_share_its_transaction(
    store: EmbeddedStore, statements: list[str]
) -> None:
    taken = a_space(HOME, "taken")
    await store.records.commit(HOME, put(taken))
    spaces = [a_space(HOME, str(n)) for n in range(20)]
    results = await asyncio.gather(
        *(
            store.records.commit(HOME, put(space), *([put(taken, if_absent=True)] * (n % 2)))
            for n, space in enumerate(spaces)
        ),
        return_exceptions=True,
    )
    assert [isinstance(result, ConflictError) for result in results] == [False, True] * 10
    found = await store.records.get_many(SPACES, HOME, [space.id for space in spaces])
    assert list(found) == [space.id for space in spaces[::2]]
    assert statements.count("COMMIT") < 10


async def test_a_commit_is_seen_by_other_connections_when_it_returns(
    store: EmbeddedStore, folder: Path
) -> None:
    with contextlib.closing(sqlite3.connect(folder / "eva.db")) as other:
        for n in range(1, 6):
            await store.records.commit(HOME, put(a_space(HOME)))
            assert other.execute("SELECT count(*) FROM records").fetchone() == (n,)


async def test_a_locked_database_is_unavailable_for_a_moment_and_then_works(
    store: EmbeddedStore, folder: Path
) -> None:
    space = a_space(HOME)
    with locked(folder):
        with pytest.raises(UnavailableError) as caught:
            await store.records.commit(HOME, put(space))
        assert await store.records.get(SPACES, HOME, space.id) is None  # reads go on
    assert caught.value.facts == {"dependency": "records", "retry_after": 1}
    assert not isinstance(caught.value, StorageFullError)
    await store.records.commit(HOME, put(space))
    assert await store.records.count(SPACES, HOME) == 1


async def test_a_database_that_another_process_keeps_writing_is_unavailable(
    store: EmbeddedStore, folder: Path
) -> None:
    async with open_store(folder) as other:
        assert other.records._writer._lock.acquire(0)
        with pytest.raises(UnavailableError, match="records"):
            await store.records.ping()
        other.records._writer._lock.release()
        await store.records.ping()
    assert integrity(folder) == "ok"


async def test_a_full_disk_refuses_the_commit_whole_and_recovers_with_space(
    store: EmbeddedStore, folder: Path
) -> None:
    kept, lost = a_space(HOME, "kept"), a_space(HOME, "x" * 2_000_000)
    await store.records.commit(HOME, put(kept))
    with files_limited_to(300_000):
        with pytest.raises(StorageFullError) as caught:
            await store.records.commit(HOME, put(lost), Enqueue(job=a_job(HOME)))
        found = await store.records.get(SPACES, HOME, kept.id)
    assert caught.value.facts == {"dependency": "records", "retry_after": 1}
    assert found is not None
    assert await store.records.get(SPACES, HOME, lost.id) is None
    assert await store.jobs.claim([JobKind.INGEST], worker="w", lease_s=1) is None
    assert await store.records.count(SPACES, HOME) == 1
    await store.records.commit(HOME, put(lost))
    assert await store.records.count(SPACES, HOME) == 2
    assert integrity(folder) == "ok"


async def test_a_defect_of_ours_is_not_taken_for_an_outage(store: EmbeddedStore) -> None:
    def defective(connection: sqlite3.Connection) -> None:
        connection.execute("INSERT INTO counters VALUES ('a', 'b', 'c', NULL)")

    with pytest.raises(sqlite3.IntegrityError, match="NOT NULL"):
        await store.records._writer.run(defective)
    await store.records.ping()


async def test_a_cancelled_caller_stops_nobody_else(store: EmbeddedStore) -> None:
    cancelled = asyncio.create_task(store.records.commit(HOME, put(a_space(HOME, "first"))))
    other = asyncio.create_task(store.records.commit(HOME, put(a_space(HOME, "second"))))
    await asyncio.sleep(0)
    cancelled.cancel()
    assert len(await other) == 1
    with pytest.raises(asyncio.CancelledError):
        await cancelled


async def test_what_was_asked_for_before_closing_is_still_written(folder: Path) -> None:
    async with open_store(folder) as store:
        spaces = [a_space(HOME, str(n)) for n in range(30)]
        tasks = [asyncio.create_task(store.records.commit(HOME, put(s))) for s in spaces]
        await asyncio.sleep(0)
    assert all(len(etags) == 1 for etags in await asyncio.gather(*tasks))
    async with open_store(folder) as store:
        assert await store.records.count(SPACES, HOME) == 30
