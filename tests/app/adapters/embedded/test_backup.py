"""A backup holds what was acknowledged, whatever happens meanwhile; it is put back whole or not."""

import asyncio
import hashlib
import json
import shutil
import sqlite3
import stat
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from app.adapters.embedded import EmbeddedStore, backup, open_store
from app.adapters.embedded.backup import back_up, restore
from app.adapters.embedded.manifest import MANIFEST, BackupError
from app.core.backups import read_again
from app.core.kinds import DOCUMENTS, SPACES
from app.core.models import DocumentStatus, JobKind, Partition, Space, VersionRef
from app.core.ports import Noted, Put
from tests.app.adapters.embedded.backing_up import HOME, NOW, put_document
from tests.contract.sample import a_space


@pytest.fixture
async def space(store: EmbeddedStore) -> Space:
    made = a_space(HOME)
    await store.records.commit(HOME, Put(kind=SPACES, value=made))
    return made


async def test_what_was_acknowledged_is_there_after_it_was_put_back(
    store: EmbeddedStore, folder: Path, space: Space, tmp_path: Path
) -> None:
    document = await put_document(store, space, "a", b"first")
    made = await asyncio.to_thread(back_up, folder, tmp_path / "copy")
    assert (made.documents, made.files) == (1, 4)
    assert restore(tmp_path / "copy", tmp_path / "again") == made
    async with open_store(tmp_path / "again") as other:
        found = await other.records.get(DOCUMENTS, Partition(HOME.tenant_id, space.id), "doc_a")
        assert found is not None
        assert found.value == document
        ref = VersionRef(
            tenant_id=HOME.tenant_id, space_id=space.id, document_id="doc_a", version=1
        )
        assert await other.blobs.read_range(ref, "original", 0, 10) == b"first"


async def test_what_an_earlier_backup_holds_is_linked_and_what_is_erased_is_left_out(
    store: EmbeddedStore, folder: Path, space: Space, tmp_path: Path
) -> None:
    partition = Partition(HOME.tenant_id, space.id)
    await put_document(store, space, "a", b"first")
    await put_document(store, space, "b", b"second")
    await asyncio.to_thread(back_up, folder, tmp_path / "one")
    await put_document(store, space, "a", b"first", deleted_at=NOW)
    await store.blobs.delete(partition, "doc_a")
    await put_document(store, space, "c", b"third")
    made = await asyncio.to_thread(back_up, folder, tmp_path / "two", tmp_path / "one")
    assert made.documents == 2
    links = {
        path.parent.name: path.stat().st_nlink
        for path in (tmp_path / "two" / "blobs").rglob("1.original")
    }
    assert links == {"doc_b": 2, "doc_c": 1}
    shutil.rmtree(tmp_path / "one")
    assert restore(tmp_path / "two", tmp_path / "again") == made


async def test_a_backup_is_its_owners_alone(
    store: EmbeddedStore, folder: Path, space: Space, tmp_path: Path
) -> None:
    await put_document(store, space, "a", b"first")
    await asyncio.to_thread(back_up, folder, tmp_path / "copy")
    restore(tmp_path / "copy", tmp_path / "again")
    for top in (tmp_path / "copy", tmp_path / "again"):
        for path in (top, *top.rglob("*")):
            assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path


async def test_every_visible_version_is_read_again_once_and_what_is_erased_is_not(
    store: EmbeddedStore, space: Space
) -> None:
    await put_document(store, space, "a", b"first")
    await put_document(store, space, "gone", b"second", deleted_at=NOW)
    await put_document(store, space, "new", b"third", current=None)
    assert await read_again(store.records) == 1
    lease = await store.jobs.claim((JobKind.INGEST,), worker="me", lease_s=60)
    assert lease is not None
    assert (lease.job.subject_id, lease.job.detail) == ("doc_a", {"version": 1})
    assert await store.jobs.claim((JobKind.INGEST,), worker="me", lease_s=60) is None
    found = await store.records.get(DOCUMENTS, lease.job.partition, "doc_a")
    assert found is not None
    assert found.value.latest.status is DocumentStatus.PENDING


async def test_the_trail_that_was_put_back_is_whole(
    store: EmbeddedStore, folder: Path, tmp_path: Path
) -> None:
    for number in range(3):
        store.audit.note(
            Noted(
                tenant_id="ten_a",
                actor="key:a",
                action="getSpace",
                decision="allowed",
                outcome="200",
                request_id=f"req_{number}",
            )
        )
        await store.audit.flush()
        await store.audit.seal()
    await asyncio.to_thread(back_up, folder, tmp_path / "copy")
    restore(tmp_path / "copy", tmp_path / "again")
    async with open_store(tmp_path / "again") as other:
        report = await other.audit.verify()
    assert (report.problems, report.events) == ([], 3)
    assert report.checkpoints == report.copies >= 1


async def test_what_comes_while_the_database_is_copied_is_in_it_with_its_blobs_or_not_at_all(
    store: EmbeddedStore,
    folder: Path,
    space: Space,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await put_document(store, space, "a", b"first")
    loop, real = asyncio.get_running_loop(), backup._copy_database
    busy = iter(range(1))

    def while_others_work(root: Path, to: Path) -> object:
        def now(work: object) -> None:
            asyncio.run_coroutine_threadsafe(work, loop).result()  # type: ignore[arg-type]

        for _ in busy:  # the first time only
            partition = Partition(HOME.tenant_id, space.id)
            now(put_document(store, space, "b", b"second"))
            made = real(root, to)
            now(put_document(store, space, "c", b"third"))
            now(put_document(store, space, "a", b"first", deleted_at=NOW))
            now(store.blobs.delete(partition, "doc_a"))  # its erasure overtakes the copying
            return made
        return real(root, to)

    monkeypatch.setattr(backup, "_copy_database", while_others_work)
    made = await asyncio.to_thread(back_up, folder, tmp_path / "copy")
    assert made.documents == 2
    with closing(sqlite3.connect(tmp_path / "copy" / "eva.db")) as copied:
        rows = copied.execute("SELECT id FROM records WHERE kind = 'document'").fetchall()
    assert sorted(rows) == [("doc_a",), ("doc_b",), ("doc_c",)]
    blobs = {path.parent.name for path in (tmp_path / "copy" / "blobs").rglob("1.original")}
    assert blobs == {"doc_b", "doc_c"}


async def test_a_document_whose_file_is_lost_or_changed_is_not_backed_up_as_if_it_were_there(
    store: EmbeddedStore, folder: Path, space: Space, tmp_path: Path
) -> None:
    await put_document(store, space, "a", b"first")
    [original] = (folder / "blobs").rglob("1.original")
    original.write_bytes(b"other")
    with pytest.raises(BackupError, match=r"1\.original is not what doc_a was given"):
        await asyncio.to_thread(back_up, folder, tmp_path / "changed")
    original.unlink()
    with pytest.raises(BackupError, match=r"does not hold .*1\.original"):
        await asyncio.to_thread(back_up, folder, tmp_path / "lost")
    assert not (tmp_path / "changed" / MANIFEST).exists()
    assert not (tmp_path / "lost" / MANIFEST).exists()


def damaged(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1] + b"!")


def naming(name: str) -> Callable[[Path], None]:
    def spoil(manifest: Path) -> None:
        said = json.loads(manifest.read_text())
        said["files"][name] = [0, hashlib.sha256().hexdigest()]
        manifest.write_text(json.dumps(said))

    return spoil


SPOILED: list[tuple[str, Callable[[Path], None], str]] = [
    (MANIFEST, Path.unlink, "is no finished backup"),
    (MANIFEST, damaged, "can't be read"),
    (MANIFEST, naming("../outside"), "names '../outside', which no backup holds"),
    (MANIFEST, naming("blobs/../../outside"), "which no backup holds"),
    (MANIFEST, naming("/etc/passwd"), "which no backup holds"),
    (MANIFEST, naming("blobs/x/y"), "blobs/x/y is missing"),
    ("eva.db", damaged, "eva.db is not what was backed up"),
    ("eva.db", Path.unlink, "eva.db is missing"),
]


@pytest.mark.parametrize(("name", "spoil", "said"), SPOILED, ids=[said for *_, said in SPOILED])
async def test_a_backup_that_is_not_whole_is_refused_and_leaves_nothing(
    folder: Path, tmp_path: Path, name: str, spoil: Callable[[Path], None], said: str
) -> None:
    async with open_store(folder):
        pass
    await asyncio.to_thread(back_up, folder, tmp_path / "copy")
    spoil(tmp_path / "copy" / name)
    with pytest.raises(BackupError, match=said):
        restore(tmp_path / "copy", tmp_path / "again")
    assert not (tmp_path / "again").exists()


async def test_nothing_that_is_there_is_overwritten(folder: Path, tmp_path: Path) -> None:
    async with open_store(folder):
        pass
    full = tmp_path / "full"
    full.mkdir()
    (full / "mine").write_text("mine")
    with pytest.raises(BackupError, match="a backup needs a folder of its own"):
        back_up(folder, full)
    back_up(folder, tmp_path / "copy")
    with pytest.raises(BackupError, match="is not empty: restore beside it"):
        restore(tmp_path / "copy", full)
    assert (full / "mine").read_text() == "mine"
    shutil.rmtree(full)
    full.mkdir()
    restore(tmp_path / "copy", full)
    assert (full / "eva.db").is_file()


def test_what_is_no_data_folder_is_not_backed_up(tmp_path: Path) -> None:
    with pytest.raises(BackupError, match="is no data folder"):
        back_up(tmp_path / "nowhere", tmp_path / "copy")
    assert not (tmp_path / "copy").exists()
