"""Where blobs lie: `blobs/<tenant>/<space>/<document>/<version>.<part>`, and folders made durable.

Names come from our own ids. Anything else is refused before it touches the file system, so no
input can name a place outside.
"""

import contextlib
import errno
import os
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

from app.adapters.embedded import folder
from app.core.errors import InvalidInputError
from app.core.ids import required
from app.core.models import Partition, VersionRef
from app.core.ports import BlobPart

_PARTS = frozenset(get_args(BlobPart))
_ATTEMPTS = 5
_OTHERS_AT_WORK = (errno.ENOENT, errno.ENOTEMPTY)
INCOMING = ".incoming"  # no id starts with a dot
_LOCK = "lock"


class Layout:
    """The blob folders below one root."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.incoming = root / INCOMING
        self._durable: set[Path] = {root}  # folders whose entry in their parent was synced by us
        self._guard = threading.Lock()

    def space(self, partition: Partition) -> Path:
        """Return a space's folder; raises InvalidInputError for what is not one of our ids."""
        return self.root / required(partition.tenant_id) / required(partition.space_id)

    def document(self, partition: Partition, document_id: str) -> Path:
        """Return a document's folder."""
        return self.space(partition) / required(document_id)

    def blob(self, ref: VersionRef, part: BlobPart) -> Path:
        """Return the file of a part."""
        if part not in _PARTS or ref.version < 0:
            raise InvalidInputError(pointer="part", reason="is not a part of a version")
        names = map(required, (ref.tenant_id, ref.space_id, ref.document_id))
        return self.root.joinpath(*names, f"{ref.version}.{part}")

    def publish(self, draft: Path, target: Path) -> None:
        """Move a synced draft to its place; durable on return, folders included."""
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                self._make(target.parent)
                draft.replace(target)
                folder.sync(target.parent)
            except FileNotFoundError:  # the folder was removed meanwhile
                self._forget(target.parent.parent)
                if attempt == _ATTEMPTS:
                    raise
            else:
                return

    def remove(self, path: Path) -> int:
        """Remove a document's or space's folder durably; return how many blobs it held."""
        removed = blobs_below(path)
        _remove_tree(path)
        self._forget(path)
        with contextlib.suppress(
            FileNotFoundError
        ):  # also what an interrupted removal left unsynced
            folder.sync(path.parent)
        return removed

    def spaces(self) -> list[Path]:
        """Return the folders of all spaces."""
        return [path for path in self.root.glob("[!.]*/*") if path.is_dir()]

    def versions(self, space: Path, before: float) -> list[VersionRef]:
        """Return the versions in a space's folder whose files were all written before then."""
        newest: dict[VersionRef, float] = {}
        for path in space.glob("*/[0-9]*.*"):
            with contextlib.suppress(FileNotFoundError):  # it was removed meanwhile
                tenant, name, document, file = path.parts[-4:]
                ref = VersionRef(
                    tenant_id=tenant,
                    space_id=name,
                    document_id=document,
                    version=int(file.partition(".")[0]),
                )
                newest[ref] = max(path.stat().st_mtime, newest.get(ref, 0.0))
        return [ref for ref, written in newest.items() if written < before]

    def discard(self, ref: VersionRef) -> int:
        """Remove a version's files durably, and its folder if nothing else is in it."""
        home = self.document(ref.partition, ref.document_id)
        files = list(home.glob(f"{ref.version}.*"))
        for path in files:
            path.unlink(missing_ok=True)
        with contextlib.suppress(FileNotFoundError):
            folder.sync(home)
        with contextlib.suppress(OSError):  # other versions are in it, or it has gone
            home.rmdir()
            folder.sync(home.parent)
        return len(files)

    def _make(self, path: Path) -> None:
        """Make a folder and sync the entry of each folder above that we have not synced yet.

        Documents' folders are many and used once: they are not remembered.
        """
        space, tenant = path.parent, path.parent.parent
        for level in (tenant, space, path):
            if level in self._durable:
                continue
            level.mkdir(mode=0o700, exist_ok=True)
            folder.sync(level.parent)
            if level is not path:
                with self._guard:
                    self._durable.add(level)

    def _forget(self, path: Path) -> None:
        with self._guard:
            self._durable -= {path, path.parent}
            self._durable.add(self.root)


def _remove_tree(path: Path) -> None:
    """Remove a folder while others may remove, or write, in it too."""
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            shutil.rmtree(path)
        except OSError as error:
            if not path.exists():
                return
            if error.errno not in _OTHERS_AT_WORK or attempt == _ATTEMPTS:
                raise
        else:
            return


def blobs_below(path: Path) -> int:
    """Return how many blobs a document's, space's or tenant's folder holds."""
    return sum(len(files) for _, _, files in os.walk(path))


@contextlib.contextmanager
def drafts(incoming: Path) -> Iterator[Path]:
    """Lend this process a folder for unfinished blobs; remove those of processes that died.

    A folder belongs to a living process as long as its lock is held. Call it with the data folder
    locked, so that none is judged between its making and its locking.
    """
    incoming.mkdir(mode=0o700, exist_ok=True)
    for other in incoming.iterdir():
        _remove_if_dead(other)
    own = incoming / os.urandom(8).hex()
    own.mkdir(mode=0o700)
    lock = folder.FolderLock(own / _LOCK)
    lock.acquire(0)
    try:
        yield own
    finally:
        shutil.rmtree(own, ignore_errors=True)
        lock.close()


def _remove_if_dead(other: Path) -> None:
    with contextlib.suppress(OSError):  # it may be closing right now
        lock = folder.FolderLock(other / _LOCK)
        try:
            if lock.acquire(0):
                shutil.rmtree(other)
        finally:
            lock.close()
