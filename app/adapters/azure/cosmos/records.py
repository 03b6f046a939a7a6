"""`Records` and `KeyDirectory`: items of one container, a partition each for tenant and space."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import TypeVar

from app.adapters.azure.cosmos import items, listing
from app.adapters.azure.cosmos.commits import Commits
from app.adapters.azure.cosmos.container import Container, Item
from app.adapters.azure.cosmos.directory import LOCATED, Directory
from app.adapters.azure.cosmos.dispatch import Dispatch
from app.adapters.azure.cosmos.lately import Lately
from app.adapters.azure.cosmos.listing import Parameters
from app.core.errors import EvaError, UnavailableError
from app.core.kinds import API_KEYS, Kind
from app.core.models import ApiKey, Page, Partition, Stored
from app.core.ports import Change, Enqueue, Listing, Put, Remove, Settle

T = TypeVar("T")
_COUNT = "SELECT VALUE COUNT(1) FROM c WHERE c.kind = @kind"
_NOT_OURS = [items.EVENT, items.MARK]  # what the trail holds outlives a space
_OWNED = "SELECT TOP 1 VALUE c.id FROM c WHERE NOT ARRAY_CONTAINS(@not, c.kind)"
_SOME = "SELECT TOP 100 c.id, c.kind, c.key, c.body FROM c WHERE NOT ARRAY_CONTAINS(@not, c.kind)"
_MANY = "SELECT c.key, c.body, c._etag FROM c WHERE c.kind = @kind AND c.key IN ({})"
_FEW = 2  # records that point reads are cheaper for
_AT_ONCE = 100  # ids of one query
_MOST_COUNTS, _MOST_KEYS = 50_000, 10_000  # that are remembered
_PULSE = Partition("~eva", "~pulse")


class CosmosRecords:
    """Point reads and queries within one partition; changes as batches."""

    def __init__(
        self,
        container: Container,
        commits: Commits,
        directory: Directory,
        dispatch: Dispatch,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._container = container
        self._commits = commits
        self._directory = directory
        self._dispatch = dispatch
        self._clock = clock
        self._counts: Lately[tuple[Partition, str], int] = Lately(_MOST_COUNTS)
        self.found_keys: Lately[str, Stored[ApiKey] | None] = Lately(_MOST_KEYS)  # by id

    async def get(self, kind: Kind[T], partition: Partition, id_: str) -> Stored[T] | None:
        """Return a record; a point read."""
        if not id_:
            return None
        name = items.record_id(kind.name, id_)
        found = await self._container.read(items.place(partition), name)
        return None if found is None else items.stored(kind, found)

    async def get_many(
        self, kind: Kind[T], partition: Partition, ids: Sequence[str]
    ) -> Mapping[str, Stored[T]]:
        """Return those that exist; few by point reads, more by queries."""
        if len(ids) <= _FEW:
            read = await asyncio.gather(*(self.get(kind, partition, id_) for id_ in ids))
            return {id_: one for id_, one in zip(ids, read, strict=True) if one is not None}
        found: dict[str, Stored[T]] = {}
        for start in range(0, len(ids), _AT_ONCE):
            parameters = Parameters({"@kind": kind.name})
            sql = _MANY.format(", ".join(map(parameters.add, ids[start : start + _AT_ONCE])))
            rows = await self._container.query(items.place(partition), sql, parameters.values)
            found |= {row["key"]: items.stored(kind, row) for row in rows}
        return found

    async def find(self, kind: Kind[T], tenant_id: str, id_: str) -> Stored[T] | None:
        """Follow the record's signpost; of kinds without one look in every partition."""
        if kind.name in LOCATED:
            async for place in self._directory.located(kind.name, tenant_id, id_):
                if (found := await self.get(kind, place, id_)) is not None:
                    return found
            return None
        for place in await self._directory.places(tenant_id):
            if (found := await self.get(kind, place, id_)) is not None:
                return found
        return None

    async def page(self, kind: Kind[T], partition: Partition, wanted: Listing) -> Page[Stored[T]]:
        """Return one page."""
        sql, parameters = listing.query(kind.name, wanted)
        rows = await self._container.query(items.place(partition), sql, parameters)
        found = tuple(items.stored(kind, row) for row in rows[: wanted.limit])
        return Page(found, rows[wanted.limit - 1]["key"] if len(rows) > wanted.limit else None)

    async def count(self, kind: Kind[T], partition: Partition, *, within_s: float = 0.0) -> int:
        """Count in the index, unless it was done lately."""

        async def counted() -> int:
            given = {"@kind": kind.name}
            [found] = await self._container.query(items.place(partition), _COUNT, given)
            return int(found)

        return await self._counts.get((partition, kind.name), within_s, counted)

    async def commit(self, partition: Partition, *changes: Change) -> Sequence[str]:
        """Apply all changes or none; on return they are kept by a majority of replicas."""
        for change in changes:
            _require_inside(partition, change)
        now = self._clock()
        enqueued = [change for change in changes if isinstance(change, Enqueue)]
        jobs = {one.job.id: self._dispatch.item(one, now) for one in enqueued}
        _, announced = await asyncio.gather(
            self._directory.before(partition, changes), self._dispatch.announce(enqueued, jobs)
        )
        try:
            tags = await self._commits.apply(partition, changes, jobs)
        except UnavailableError:  # it may have been done: the entries may be needed
            raise
        except EvaError:
            await self._dispatch.forget(announced)
            raise
        finally:
            self._forget(partition, changes)
        self._dispatch.ring(enqueued)
        await self._dispatch.settled([one for one in changes if isinstance(one, Settle)])
        return tags

    async def erase(self, partition: Partition) -> int:
        """Delete a space's records and jobs, portion by portion; return how many went."""
        if not partition.space_id:
            raise ValueError("only a space's partition is erased")
        erased = 0
        async for portion in self._portions(partition):
            await self._dispatch.forget_jobs(portion)
            gone = await asyncio.gather(
                *(self._container.delete(items.place(partition), item["id"]) for item in portion)
            )
            erased += sum(gone)
        return erased

    async def tenants(self) -> Sequence[str]:
        """Return the tenants that own records or jobs; one query for each partition there is."""
        return [one for one in await self._directory.tenants() if await self._owns(one)]

    async def ping(self) -> None:
        """Write and read."""
        await self._container.upsert(items.mark(_PULSE, "pulse"))
        await self._container.read(items.place(_PULSE), "mark:pulse")

    def _forget(self, partition: Partition, changes: Sequence[Change]) -> None:
        """Take note that what was read or counted may be another now."""
        for change in changes:
            if isinstance(change, Put) and change.kind is API_KEYS:
                self.found_keys.forget(change.value.id)
            if isinstance(change, Remove) or (isinstance(change, Put) and change.if_etag is None):
                self._counts.forget((partition, change.kind.name))

    async def _owns(self, tenant_id: str) -> bool:
        for partition in await self._directory.places(tenant_id):
            place = items.place(partition)
            if await self._container.query(place, _OWNED, {"@not": _NOT_OURS}):
                return True
        return False

    async def _portions(self, partition: Partition) -> AsyncIterator[list[Item]]:
        place = items.place(partition)
        while found := await self._container.query(place, _SOME, {"@not": _NOT_OURS}):
            yield found


class CosmosKeyDirectory:
    """`KeyDirectory`: a signpost tells whose the key is, the tenant's record whether it is."""

    def __init__(self, records: CosmosRecords, directory: Directory) -> None:
        self._records = records
        self._directory = directory

    async def find_key(self, key_id: str, *, within_s: float = 0.0) -> Stored[ApiKey] | None:
        """Return the key by its id alone: a point read, two the first time, none for a moment."""
        return await self._records.found_keys.get(key_id, within_s, lambda: self._found(key_id))

    async def _found(self, key_id: str) -> Stored[ApiKey] | None:
        async for tenant_id in self._directory.tenants_of_key(key_id):
            found = await self._records.get(API_KEYS, Partition(tenant_id), key_id)
            if found is not None:
                return found
        return None


def _require_inside(partition: Partition, change: Change) -> None:
    job = change.job if isinstance(change, Enqueue) else None
    job = change.lease.job if isinstance(change, Settle) else job
    if job is not None and job.partition != partition:
        raise ValueError(f"job {job.id} does not belong to the partition of this commit")
