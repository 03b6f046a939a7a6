"""Copies of a data folder, taken while services work in it, and put back elsewhere.

A backup is a folder: the database, the blobs, the keys and checkpoints of the audit trail, and a
manifest with the hash of every file, written last. The index is not in it: it is made anew from the
blobs. What is copied in which order is what makes it consistent: blobs are on disk before a record
names them, so those there before the database was copied, or right after, are all that it names.
Checkpoints are copied before the database, which then holds every one of them.

Whoever holds a backup holds everything, the key that signs the audit trail included.
"""

import contextlib
import os
import shutil
import sqlite3
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

from app.adapters import codec
from app.adapters.embedded import folder, manifest, schema
from app.adapters.embedded.folder import FolderLock
from app.adapters.embedded.layout import INCOMING, Layout
from app.adapters.embedded.manifest import (
    AUDIT,
    BLOBS,
    DATABASE,
    BackupError,
    Entry,
    copied,
    hashed,
)
from app.core.backups import Backup
from app.core.kinds import DOCUMENTS
from app.core.models import Document, DocumentStatus, VersionRef
from app.core.ports import BlobPart

_ATTEMPTS = 3
_BUSY_S = 30.0
_ORIGINAL = ".original"
_DOCUMENTS = "SELECT body FROM records WHERE kind = ?"


def back_up(root: Path, to: Path, after: Path | None = None) -> Backup:
    """Copy a data folder into an empty one; services may go on. Raises BackupError.

    Originals that an earlier backup holds (`after`, on the same disk) are linked, not copied: they
    never change. What is linked is one file in both backups.
    """
    if not (root / DATABASE).is_file():
        raise BackupError(f"{root.absolute()} is no data folder: set EVA_DATA_DIR")
    _empty(to)
    entries = {} if after is None else _linked(root, to, after)
    for attempt in range(1, _ATTEMPTS + 1):
        _copy_below(root, AUDIT, to, entries)
        _copy_below(root, BLOBS, to, entries)
        as_of = datetime.now(UTC)
        entries[DATABASE] = _copy_database(root, to)
        _copy_below(root, BLOBS, to, entries)
        documents = _documents(to / DATABASE)
        missing = [name for name in _named(documents, to) if name not in entries]
        if not missing:
            break
        if attempt == _ATTEMPTS:  # an erasure overtook us every time, or the original lacks it
            raise BackupError(f"{root} does not hold {missing[0]}, which a document names")
    _refuse_damaged(documents, to, entries)
    made = Backup(
        as_of=as_of,
        documents=len(documents),
        files=len(entries),
        size_bytes=sum(entry.size for entry in entries.values()),
    )
    manifest.write(to, made, entries)
    return made


def restore(source: Path, root: Path) -> Backup:
    """Put a backup where no data folder is yet, whole or not at all. Raises BackupError."""
    made, entries = manifest.read(source)
    if root.exists() and (not root.is_dir() or any(root.iterdir())):
        raise BackupError(f"{root.absolute()} is not empty: restore beside it, then change over")
    aside = root.with_name(f"{root.name}.restoring")
    shutil.rmtree(aside, ignore_errors=True)
    aside.mkdir(mode=0o700, parents=True)
    for name, entry in entries.items():
        if not (source / name).is_file():
            raise BackupError(f"{source / name} is missing")
        if copied(source / name, aside / name) != entry:
            raise BackupError(f"{source / name} is not what was backed up")
    manifest.sync_all(aside)
    aside.replace(root)
    folder.sync(root.absolute().parent)
    return made


def _empty(to: Path) -> None:
    to.mkdir(mode=0o700, parents=True, exist_ok=True)
    if any(to.iterdir()):
        raise BackupError(f"{to.absolute()} is not empty: a backup needs a folder of its own")


def _linked(root: Path, to: Path, after: Path) -> dict[str, Entry]:
    """Link the originals that are in an earlier backup and still in the data folder."""
    found = {}
    for name, entry in manifest.read(after)[1].items():
        if name.endswith(_ORIGINAL) and (root / name).is_file():
            manifest.make(to / name)
            try:
                os.link(after / name, to / name)
            except OSError as error:
                raise BackupError(f"{after / name} can't be linked: {error.strerror}") from error
            found[name] = entry
    return found


def _copy_below(root: Path, part: str, to: Path, entries: dict[str, Entry]) -> None:
    """Copy what is not there yet; what is erased meanwhile is left out, and forgotten."""
    found = set()
    for path in _files(root / part):
        name = path.relative_to(root).as_posix()
        if part == AUDIT or name not in entries:  # a blob never changes once it is in its place
            with contextlib.suppress(FileNotFoundError):
                entries[name] = copied(path, to / name)
        found.add(name)
    for name in [n for n in entries if n.startswith(f"{part}/") and n not in found]:
        del entries[name]
        (to / name).unlink()


def _files(below: Path) -> Iterator[Path]:
    for where, folders, names in os.walk(below):
        folders[:] = sorted(name for name in folders if name != INCOMING)
        yield from (Path(where, name) for name in sorted(names))


def _copy_database(root: Path, to: Path) -> Entry:
    """Copy the database as one reader sees it, and check the copy.

    Closing takes the writers' turn: the last connection to close checkpoints.
    """
    target = to / DATABASE
    target.unlink(missing_ok=True)
    os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    lock = FolderLock(root / "write.lock")
    source = schema.connect(root / DATABASE, busy_s=_BUSY_S)
    try:
        with contextlib.closing(sqlite3.connect(target)) as copy:
            source.backup(copy)
            copy.execute("PRAGMA journal_mode = DELETE")  # one file, whole by itself
            if copy.execute("PRAGMA integrity_check").fetchall() != [("ok",)]:
                raise BackupError(f"{root / DATABASE} is damaged")
    finally:
        lock.acquire(_BUSY_S)
        source.close()
        lock.close()
    folder.sync(target)
    return hashed(target)


def _documents(database: Path) -> list[Document]:
    """Return the documents that are not being erased."""
    with contextlib.closing(sqlite3.connect(database)) as connection:
        rows = connection.execute(_DOCUMENTS, (DOCUMENTS.name,)).fetchall()
    found = [codec.decode(DOCUMENTS.model, body) for (body,) in rows]
    return [document for document in found if document.deleted_at is None]


def _named(documents: list[Document], to: Path) -> Iterator[str]:
    """Return the files that documents name."""
    layout = Layout(to / BLOBS)
    for document in documents:
        for version in document.versions:
            ready = version.status is DocumentStatus.READY
            parts: tuple[BlobPart, ...] = ("original", "text", "map") if ready else ("original",)
            for part in parts:
                path = layout.blob(_ref(document, version.number), part)
                yield path.relative_to(to).as_posix()


def _ref(document: Document, number: int) -> VersionRef:
    return VersionRef(
        tenant_id=document.tenant_id,
        space_id=document.space_id,
        document_id=document.id,
        version=number,
    )


def _refuse_damaged(documents: list[Document], to: Path, entries: Mapping[str, Entry]) -> None:
    """Compare each original with the hash that was recorded when it came."""
    layout = Layout(to / BLOBS)
    for document in documents:
        for version in document.versions:
            path = layout.blob(_ref(document, version.number), "original")
            if entries[path.relative_to(to).as_posix()].sha256 != version.sha256:
                raise BackupError(f"{path.relative_to(to)} is not what {document.id} was given")
