"""The embedded backend: one SQLite database and plain files in one data folder, made to last."""

import contextlib
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

from app.adapters.embedded import folder, leases, schema
from app.adapters.embedded.audit import SqliteAuditLog
from app.adapters.embedded.blobs import FileBlobStore
from app.adapters.embedded.epoch import Epoch
from app.adapters.embedded.folder import UnusableFolderError
from app.adapters.embedded.jobs import SqliteJobQueue, Wakeup
from app.adapters.embedded.layout import Layout, drafts
from app.adapters.embedded.reader import Reader
from app.adapters.embedded.records import SqliteKeyDirectory, SqliteRecords
from app.adapters.embedded.sealing import Seal
from app.adapters.embedded.writer import Writer

__all__ = ["EmbeddedStore", "UnusableFolderError", "open_store"]

_BUSY_S = 5.0


@dataclass(frozen=True, slots=True)
class EmbeddedStore:
    """The storage ports on one data folder."""

    records: SqliteRecords
    keys: SqliteKeyDirectory
    jobs: SqliteJobQueue
    blobs: FileBlobStore
    audit: SqliteAuditLog


@contextlib.asynccontextmanager
async def open_store(
    root: Path, *, busy_s: float = _BUSY_S, clock: Callable[[], float] = time.time
) -> AsyncIterator[EmbeddedStore]:
    """Open a data folder, making what is missing; several processes may have it open.

    `busy_s` is how long a write waits for other processes before UnavailableError. Raises
    UnusableFolderError with a text for the operator.
    """
    async with AsyncExitStack() as stack:
        with folder.opening(root, busy_s):
            with contextlib.closing(schema.connect(root / "eva.db", busy_s=busy_s)) as connection:
                schema.migrate(connection)
            layout = Layout(root / "blobs")
            unfinished = stack.enter_context(drafts(layout.incoming))
            epoch = stack.enter_context(contextlib.closing(Epoch(root / "epoch")))
            writer = Writer(root, unfinished.name, epoch, busy_s=busy_s)
            stack.push_async_callback(writer.close)
            living = [one.name for one in layout.incoming.iterdir()]
            await writer.run(lambda c: leases.free_orphaned(c, living, clock()))
        reader = Reader(root, epoch, busy_s=busy_s)
        stack.push_async_callback(reader.close)
        blobs = FileBlobStore(layout, unfinished)
        stack.push_async_callback(blobs.close)
        audit = SqliteAuditLog(writer, reader, Seal(root / "audit"), clock)
        stack.push_async_callback(audit.close)
        wakeup = Wakeup()
        yield EmbeddedStore(
            records=SqliteRecords(writer, reader, wakeup, clock),
            keys=SqliteKeyDirectory(reader),
            jobs=SqliteJobQueue(writer, reader, wakeup, clock),
            blobs=blobs,
            audit=audit,
        )
