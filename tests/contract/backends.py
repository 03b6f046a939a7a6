"""The backends that every storage contract runs against; a new one is one more entry."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from app.adapters import embedded
from app.core.ports import BlobStore, JobQueue, KeyDirectory, Records


@dataclass(frozen=True, slots=True, kw_only=True)
class Storage:
    """The storage ports of one backend, typed as what they promise."""

    records: Records
    keys: KeyDirectory
    jobs: JobQueue
    blobs: BlobStore


@asynccontextmanager
async def _embedded(folder: Path) -> AsyncIterator[Storage]:
    async with embedded.open_store(folder) as store:
        yield Storage(records=store.records, keys=store.keys, jobs=store.jobs, blobs=store.blobs)


BACKENDS: dict[str, Callable[[Path], AbstractAsyncContextManager[Storage]]] = {
    "embedded": _embedded,
}
