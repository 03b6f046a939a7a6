"""A process that shares a data folder: adds to one counter, and claims and settles jobs.

Arguments: folder, how often to add. Prints the ids of the jobs it settled, one a line.
"""

import asyncio
import sys
from dataclasses import replace
from pathlib import Path

from app.adapters.embedded import EmbeddedStore, open_store
from app.core.errors import StaleEtagError
from app.core.kinds import SPACES
from app.core.models import JobKind, Partition
from app.core.ports import Put, Settle

HOME = Partition("ten_default")
COUNTER = "spc_counter"


async def add(store: EmbeddedStore) -> None:
    while True:
        found = await store.records.get(SPACES, HOME, COUNTER)
        if found is None:
            raise LookupError(COUNTER)
        more = replace(found.value, name=str(int(found.value.name) + 1))
        try:
            await store.records.commit(HOME, Put(kind=SPACES, value=more, if_etag=found.etag))
        except StaleEtagError:
            continue
        return


async def contend(folder: Path, times: int) -> None:
    async with open_store(folder) as store:
        for _ in range(times):
            await add(store)
        while lease := await store.jobs.claim((JobKind.INGEST,), worker="w", lease_s=60):
            await store.records.commit(lease.job.partition, Settle(lease=lease))
            print(lease.job.id)  # noqa: T201 - its report


if __name__ == "__main__":
    asyncio.run(contend(Path(sys.argv[1]), int(sys.argv[2])))
