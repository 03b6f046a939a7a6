import contextlib
import os
import sqlite3
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from app.adapters.embedded import EmbeddedStore, UnusableFolderError, open_store, schema
from app.adapters.embedded.folder import FolderLock, opening
from app.core.kinds import SPACES
from app.core.models import Partition
from app.core.ports import Put
from tests.contract.sample import a_space

HOME = Partition("ten_default")
LOCKS = Path("/proc/locks")
KNOWN = len(schema.MIGRATIONS)


async def _open(folder: Path) -> None:
    async with open_store(folder, busy_s=0.05):
        pass


async def test_everything_in_the_folder_is_its_owners_alone(
    store: EmbeddedStore, folder: Path
) -> None:
    await store.records.commit(HOME, Put(kind=SPACES, value=a_space(HOME)))
    await store.blobs.ping()
    modes = {path: stat.S_IMODE(path.stat().st_mode) for path in [folder, *folder.rglob("*")]}
    assert {"eva.db", "eva.db-wal", "eva.db-shm"} <= {path.name for path in modes}
    for path, mode in modes.items():
        assert mode == (0o700 if path.is_dir() else 0o600), path


async def test_what_was_stored_is_there_after_reopening(folder: Path) -> None:
    space = a_space(HOME)
    async with open_store(folder) as store:
        await store.records.commit(HOME, Put(kind=SPACES, value=space))
    assert not (folder / "eva.db-wal").exists()
    async with open_store(folder) as store:
        found = await store.records.get(SPACES, HOME, space.id)
    assert found is not None
    assert found.value == space


async def test_a_folder_that_is_a_file_is_refused_by_name(folder: Path) -> None:
    folder.write_text("I am a file")
    with pytest.raises(UnusableFolderError, match=rf"{folder} can't be used: (File exists|Not a)"):
        await _open(folder)


def test_a_folder_that_may_not_be_written_is_refused_with_advice() -> None:
    """In a process of its own, as root may write anywhere; and where other users may look."""
    code = (
        "import asyncio, os, sys; from pathlib import Path\n"
        "from app.adapters.embedded import UnusableFolderError, open_store\n"
        "if os.geteuid() == 0: os.setuid(65534)\n"
        "async def main():\n"
        "    async with open_store(Path(sys.argv[1])): pass\n"
        "try: asyncio.run(main())\n"
        "except UnusableFolderError as error: print(error)\n"
    )
    with tempfile.TemporaryDirectory() as closed:
        Path(closed).chmod(0o555)
        found = subprocess.run(
            [sys.executable, "-c", code, closed], capture_output=True, text=True, check=True
        )
    assert f"The data folder {closed} can't be used: Permission denied" in found.stdout
    assert "choose another with EVA_DATA_DIR" in found.stdout


async def test_a_file_that_is_no_database_is_refused_and_left_alone(folder: Path) -> None:
    folder.mkdir()
    (folder / "eva.db").write_bytes(b"not a database at all " * 100)
    with pytest.raises(UnusableFolderError, match="file is not a database"):
        await _open(folder)
    assert (folder / "eva.db").read_bytes() == b"not a database at all " * 100


async def test_data_of_a_newer_release_is_refused_and_left_alone(folder: Path) -> None:
    await _open(folder)
    with contextlib.closing(sqlite3.connect(folder / "eva.db")) as connection:
        connection.execute("PRAGMA user_version = 99")
    newer = rf"newer eva \(schema 99; this one knows {KNOWN}\)"
    with pytest.raises(UnusableFolderError, match=newer):
        await _open(folder)
    with contextlib.closing(sqlite3.connect(folder / "eva.db")) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (99,)


async def test_a_folder_that_another_process_keeps_opening_is_refused(folder: Path) -> None:
    await _open(folder)
    with opening(folder, 0), pytest.raises(UnusableFolderError, match="has been opening"):
        await _open(folder)
    await _open(folder)


async def test_migrations_run_once_and_keep_the_data(folder: Path) -> None:
    space = a_space(HOME)
    async with open_store(folder) as store:
        await store.records.commit(HOME, Put(kind=SPACES, value=space))
    later = (*schema.MIGRATIONS, "CREATE TABLE more (x); INSERT INTO more VALUES (1);")
    for _ in range(2):
        with contextlib.closing(schema.connect(folder / "eva.db", busy_s=1)) as connection:
            schema.migrate(connection, later)
            assert connection.execute("SELECT count(*) FROM more").fetchone() == (1,)
            assert connection.execute("SELECT count(*) FROM records").fetchone() == (1,)
            assert connection.execute("PRAGMA user_version").fetchone() == (KNOWN + 1,)


async def test_a_migration_that_fails_leaves_the_old_schema(folder: Path) -> None:
    await _open(folder)
    broken = (*schema.MIGRATIONS, "CREATE TABLE more (x); INSERT INTO missing VALUES (1);")
    with (
        contextlib.closing(schema.connect(folder / "eva.db", busy_s=1)) as connection,
        pytest.raises(sqlite3.OperationalError, match="missing"),
    ):
        schema.migrate(connection, broken)
    with contextlib.closing(schema.connect(folder / "eva.db", busy_s=1)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (KNOWN,)
        assert (
            connection.execute("SELECT name FROM sqlite_master WHERE name = 'more'").fetchall()
            == []
        )
    await _open(folder)


async def test_unfinished_blobs_of_the_dead_are_removed_and_those_of_the_living_kept(
    store: EmbeddedStore, folder: Path
) -> None:
    incoming = folder / "blobs" / ".incoming"
    [living] = incoming.iterdir()
    dead = incoming / "0123456789abcdef"
    dead.mkdir()
    (dead / "lock").touch()
    (dead / "half").write_bytes(b"half a blob")
    await store.blobs.ping()
    async with open_store(folder):
        assert not dead.exists()
        assert living.is_dir()
        assert len(list(incoming.iterdir())) == 2
    assert list(incoming.iterdir()) == [living]


def test_a_lock_is_had_by_one_at_a_time(tmp_path: Path) -> None:
    with contextlib.closing(FolderLock(tmp_path / "lock")) as first:
        with contextlib.closing(FolderLock(tmp_path / "lock")) as second:
            assert first.acquire(0)
            assert not second.acquire(0.01)
            first.release()
            assert second.acquire(0.01)
        assert first.acquire(0.01)  # closing released it


@pytest.mark.skipif(not LOCKS.exists(), reason="needs Linux: reads /proc/locks")
async def test_opening_again_in_one_process_drops_no_lock_of_the_first(folder: Path) -> None:
    """POSIX drops a process's locks on a file when any descriptor of it is closed."""
    async with open_store(folder):
        before = _locks(folder / "eva.db")
        await _open(folder)
        assert before
        assert _locks(folder / "eva.db") == before


def _locks(path: Path) -> list[str]:
    """This process's POSIX locks on a file, as the kernel lists them."""
    inode = f":{path.stat().st_ino} "
    lines = LOCKS.read_text().splitlines()
    mine = [line for line in lines if inode in line and f" {os.getpid()} " in line]
    return sorted(line.partition(":")[2] for line in mine)
