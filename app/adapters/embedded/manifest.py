"""The manifest of a backup: every file with its size and hash; without one it is not whole."""

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath

from app.adapters.embedded import folder
from app.core.backups import Backup
from app.core.errors import SetupError

MANIFEST = "manifest.json"
DATABASE, BLOBS, AUDIT = "eva.db", "blobs", "audit"
_FORMAT = 1
_CHUNK = 1 << 20


class BackupError(SetupError):
    """A backup could not be taken, or is not whole; the text says which file and why."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A file of a backup."""

    size: int
    sha256: str


def write(to: Path, made: Backup, entries: Mapping[str, Entry]) -> None:
    """Make everything durable, then say that the backup is whole."""
    said = {
        "format": _FORMAT,
        "as_of": made.as_of.isoformat(),
        "documents": made.documents,
        "files": {name: [entry.size, entry.sha256] for name, entry in sorted(entries.items())},
    }
    sync_all(to)
    with open(to / MANIFEST, "w", opener=_private, encoding="utf-8") as file:
        json.dump(said, file, indent=1)
        file.flush()
        folder.flush(file.fileno())
    folder.sync(to)


def read(source: Path) -> tuple[Backup, dict[str, Entry]]:
    """Return what a backup holds; BackupError if it is not whole or names what it may not."""
    try:
        said = json.loads((source / MANIFEST).read_text(encoding="utf-8"))
        entries = {
            name: Entry(int(size), str(hash_)) for name, (size, hash_) in said["files"].items()
        }
        as_of = datetime.fromisoformat(said["as_of"])
        documents, format_ = int(said["documents"]), said["format"]
    except FileNotFoundError:
        raise BackupError(f"{source.absolute()} is no finished backup: no {MANIFEST}") from None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BackupError(f"{source / MANIFEST} can't be read: {error}") from None
    if format_ != _FORMAT:
        raise BackupError(f"{source / MANIFEST} is of format {format_}, {_FORMAT} is known")
    outside = [name for name in entries if not _inside(name)]
    if outside:
        raise BackupError(f"{source / MANIFEST} names {outside[0]!r}, which no backup holds")
    size = sum(entry.size for entry in entries.values())
    return Backup(as_of=as_of, documents=documents, files=len(entries), size_bytes=size), entries


def _inside(name: str) -> bool:
    top, *rest = PurePosixPath(name).parts or ("",)
    return name == DATABASE or (top in (BLOBS, AUDIT) and bool(rest) and ".." not in rest)


def copied(path: Path, target: Path) -> Entry:
    """Copy a file durably, for its owner alone."""
    make(target)
    digest, size = hashlib.sha256(), 0
    with path.open("rb", buffering=0) as source, open(target, "wb", opener=_private) as copy:
        while chunk := source.read(_CHUNK):
            digest.update(chunk)
            size += len(chunk)
            copy.write(chunk)
        copy.flush()
        folder.flush(copy.fileno())
    return Entry(size, digest.hexdigest())


def make(path: Path) -> None:
    """Make the folder that a file is to be in and those above it, each for its owner alone."""
    if not path.parent.is_dir():
        make(path.parent)
        path.parent.mkdir(mode=0o700)


def hashed(path: Path) -> Entry:
    """Return the entry of a file."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256")
    return Entry(path.stat().st_size, digest.hexdigest())


def sync_all(root: Path) -> None:
    """Make the entries of every folder below durable."""
    for where, _, _ in os.walk(root):
        folder.sync(Path(where))


def _private(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_CLOEXEC, 0o600)
