"""The embedded index on disk and in memory: bounds, erasure, failures, other processes."""

import resource
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from pathlib import Path
from typing import TypeVar

import pytest

from app.adapters.embedded.folder import FolderLock
from app.adapters.embedded.index import Bounds, EmbeddedPassageIndex, open_index
from app.adapters.embedded.index.space import Space
from app.core.errors import InvalidInputError, UnavailableError
from app.core.models import Partition
from tests.contract.index_backends import Here
from tests.contract.passages import add, documents, extraction, find, ref

T = TypeVar("T")
SPACE = Partition("ten_1", "spc_1")
PRIVATE = "zanzibar"


@pytest.fixture
async def index(tmp_path: Path) -> AsyncIterator[EmbeddedPassageIndex]:
    async with open_index(tmp_path / "index", Here(), bounds=Bounds(busy_s=0.2)) as opened:
        yield opened


@pytest.fixture
async def other(tmp_path: Path) -> AsyncIterator[EmbeddedPassageIndex]:
    """The same folder, as another process would have it open."""
    async with open_index(tmp_path / "index", Here(), bounds=Bounds(busy_s=0.2)) as opened:
        yield opened


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "index" / "ten_1" / "spc_1.db"


def open_files() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


async def test_one_process_follows_what_another_does(
    index: EmbeddedPassageIndex, other: EmbeddedPassageIndex
) -> None:
    document_id = await add(index, SPACE, "passport renewal", title="Travel")
    assert documents(await find(other, SPACE, "passport")) == [document_id]
    await other.stage(ref(SPACE, document_id, 2), "", extraction("pool rules"))
    await other.activate(ref(SPACE, document_id, 2), {})
    assert documents(await find(index, SPACE, "passport")) == []
    assert documents(await find(index, SPACE, "pool")) == [document_id]
    await index.describe(SPACE, document_id, "Swimming", {})
    assert documents(await find(other, SPACE, "swimming")) == [document_id]
    await other.remove(SPACE, document_id)
    assert documents(await find(index, SPACE, "pool")) == []


async def test_a_space_that_another_process_drops_and_fills_again_is_read_anew(
    index: EmbeddedPassageIndex, other: EmbeddedPassageIndex
) -> None:
    await add(index, SPACE, "passport renewal")
    assert documents(await find(other, SPACE, "passport"))
    await index.drop(SPACE)
    assert documents(await find(other, SPACE, "passport")) == []
    document_id = await add(index, SPACE, "pool rules")
    assert documents(await find(other, SPACE, "passport")) == []
    assert documents(await find(other, SPACE, "pool")) == [document_id]


async def test_more_changes_than_the_log_keeps_are_followed(
    index: EmbeddedPassageIndex, other: EmbeddedPassageIndex, path: Path
) -> None:
    kept = await add(index, SPACE, "passport renewal")
    gone = await add(index, SPACE, "pool rules")
    assert set(documents(await find(other, SPACE, "passport pool"))) == {kept, gone}
    await index.remove(SPACE, gone)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("INSERT INTO log (key) SELECT key FROM versions")
        connection.execute("DELETE FROM log WHERE sequence < (SELECT max(sequence) FROM log)")
    assert documents(await find(other, SPACE, "passport pool")) == [kept]


async def test_removed_text_is_in_no_file_any_more(index: EmbeddedPassageIndex, path: Path) -> None:
    private = await add(index, SPACE, *[f"{PRIVATE} {n} passage" for n in range(50)], title=PRIVATE)
    await add(index, SPACE, "pool rules")
    await find(index, SPACE, PRIVATE)
    files = [path, path.with_name("spc_1.db-wal")]
    assert any(PRIVATE.encode() in file.read_bytes() for file in files if file.exists())
    assert await index.remove(SPACE, private) == 50
    for file in path.parent.iterdir():
        assert PRIVATE.encode() not in file.read_bytes()


async def test_a_dropped_space_leaves_no_file(index: EmbeddedPassageIndex, path: Path) -> None:
    await add(index, SPACE, "pool rules")
    await find(index, SPACE, "pool")
    assert path.exists()
    await index.drop(SPACE)
    assert list(path.parent.iterdir()) == []


async def test_searching_and_counting_make_no_file(index: EmbeddedPassageIndex, path: Path) -> None:
    await find(index, SPACE, "pool")
    await index.count(SPACE)
    await index.remove(SPACE, "doc_1")
    await index.describe(SPACE, "doc_1", "", {})
    assert not path.parent.exists()


async def test_memory_and_open_files_are_bounded(tmp_path: Path) -> None:
    spaces = [Partition("ten_1", f"spc_{n}") for n in range(12)]
    async with open_index(tmp_path, Here(), bounds=Bounds(most_open=3)) as index:
        for number, space in enumerate(spaces):
            await add(index, space, f"passport number{number}")
        before = open_files()
        for _ in range(2):
            for number, space in enumerate(spaces):
                found = await find(index, space, f"number{number}")
                assert len(found.candidates) == 1
        assert open_files() - before <= 3 * 4
    async with open_index(tmp_path, Here(), bounds=Bounds(cache_bytes=1)) as index:
        for space in spaces:
            assert (await find(index, space, "passport")).candidates
        assert index.memory_bytes == 0
    async with open_index(tmp_path, Here()) as index:
        for space in spaces:
            await find(index, space, "passport")
        assert index.memory_bytes > 12 * 100


async def test_small_segments_are_joined_in_the_background(tmp_path: Path) -> None:
    async with open_index(tmp_path, Here()) as index:
        for number in range(40):
            await add(index, SPACE, f"passport number{number}")
            found = await find(index, SPACE, "passport")
            assert found.passages_searched == number + 1
        for number in range(40):
            found = await find(index, SPACE, f"number{number}")
            assert found.candidates[0].passage.text == f"passport number{number}"
        with index._shelf.lend(tmp_path.resolve() / "ten_1" / "spc_1.db") as space:
            assert len(space.snapshot.parts) < 10


async def test_a_write_that_others_keep_waiting_is_refused_in_time(
    index: EmbeddedPassageIndex, path: Path
) -> None:
    document_id = await add(index, SPACE, "pool rules")
    lock = FolderLock(path.with_suffix(".lock"))
    assert lock.acquire(0)
    try:
        with pytest.raises(UnavailableError) as refused:
            await index.remove(SPACE, document_id)
    finally:
        lock.close()
    assert refused.value.facts == {"dependency": "index", "retry_after": 1}
    assert documents(await find(index, SPACE, "pool")) == [document_id]
    assert await index.remove(SPACE, document_id) == 1


async def test_a_broken_file_is_reported_and_harms_no_other_space(
    index: EmbeddedPassageIndex, path: Path
) -> None:
    neighbour = Partition("ten_1", "spc_2")
    await add(index, neighbour, "pool rules")
    path.write_bytes(b"this is no database, whatever its name says" * 100)
    with pytest.raises(UnavailableError) as refused:
        await find(index, SPACE, "pool")
    assert refused.value.facts["dependency"] == "index"
    with pytest.raises(UnavailableError):
        await add(index, SPACE, "pool rules")
    assert (await find(index, neighbour, "pool")).candidates


@pytest.mark.parametrize("name", ["../etc", "a/b", "", ".hidden", "UPPER", "a" * 101, "a\x00b"])
async def test_what_is_no_id_never_reaches_the_file_system(
    index: EmbeddedPassageIndex, name: str
) -> None:
    for place in (Partition("ten_1", name), Partition(name, "spc_1")):
        with pytest.raises(InvalidInputError) as refused:
            await find(index, place, "pool")
        assert refused.value.facts["pointer"] == "id"


async def test_a_ping_fails_where_nothing_can_be_written(tmp_path: Path) -> None:
    async with open_index(tmp_path / "index", Here()) as index:
        (tmp_path / "index").rmdir()
        with pytest.raises(UnavailableError) as refused:
            await index.ping()
    assert refused.value.facts["dependency"] == "index"


class Counting(Here):
    """A runner that notes what it was given."""

    def __init__(self) -> None:
        self.given: list[int] = []

    async def run(self, function: Callable[..., T], *args: object, timeout_s: float) -> T:
        self.given.append(len(args[0]))  # type: ignore[arg-type]  # the texts
        return await super().run(function, *args, timeout_s=timeout_s)


async def test_only_large_versions_are_analysed_in_a_process_of_their_own(tmp_path: Path) -> None:
    runner = Counting()
    async with open_index(tmp_path, runner) as index:
        await add(index, SPACE, *["pool rules"] * 10)
        assert runner.given == []
        await add(index, SPACE, *["pool rules"] * 500)
        assert runner.given == [500]
        assert await index.count(SPACE) == 510


async def test_files_are_for_their_owner_alone(index: EmbeddedPassageIndex, path: Path) -> None:
    await add(index, SPACE, "pool rules")
    for file in [path.parent, *path.parent.iterdir()]:
        assert file.stat().st_mode & 0o077 == 0, file


async def test_a_search_of_a_space_that_is_closed_meanwhile_finds_nothing_there(
    index: EmbeddedPassageIndex, path: Path
) -> None:
    await add(index, SPACE, "passport renewal")
    space = Space(path, 0.2)
    space.refresh()
    assert space.is_current()
    assert space._connection is not None
    space._connection.close()  # as another thread does between two steps of a search
    assert not space.is_current()
    assert space.passages([1]) == {}


async def test_so_many_spaces_are_open_as_the_system_allows(tmp_path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard))
    try:
        async with open_index(tmp_path, Here(), bounds=Bounds(most_open=60)) as index:
            assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] == 60 * 8
            before = open_files()
            for number in range(65):
                await add(index, Partition("ten_1", f"spc_{number}"), "passport")
                found = await find(index, Partition("ten_1", f"spc_{number}"), "passport")
                assert len(found.candidates) == 1
            assert open_files() - before <= 60 * 4
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
