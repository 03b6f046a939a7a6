"""Durable records and the key directory, on one table."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from app.adapters import codec
from app.adapters.embedded import changes, trail
from app.adapters.embedded.jobs import Wakeup
from app.adapters.embedded.listing import query
from app.adapters.embedded.reader import Reader, Row
from app.adapters.embedded.writer import Writer
from app.core.kinds import API_KEYS, Kind
from app.core.models import ApiKey, Page, Partition, Stored
from app.core.ports import Change, Enqueue, Listing

T = TypeVar("T")
_GET = "SELECT etag, body FROM records WHERE tenant = ? AND space = ? AND kind = ? AND id = ?"
_FIND = "SELECT etag, body FROM records WHERE kind = ? AND id = ? AND tenant = ?"
_COUNT = "SELECT total FROM counters WHERE tenant = ? AND space = ? AND kind = ?"
_FIND_KEY = "SELECT etag, body FROM records WHERE kind = ? AND id = ?"
_TENANTS = "SELECT tenant FROM counters UNION SELECT tenant FROM jobs ORDER BY tenant"
_INLINE = 100  # records read on the event loop at once: below 2 ms
_ERASE = 200  # records a transaction: other commits pass between


class SqliteRecords:
    """`Records`: short reads on the event loop, long ones aside, changes through the writer."""

    def __init__(
        self, writer: Writer, reader: Reader, wakeup: Wakeup, clock: Callable[[], float]
    ) -> None:
        self._writer = writer
        self._reader = reader
        self._wakeup = wakeup
        self._clock = clock

    async def get(self, kind: Kind[T], partition: Partition, id_: str) -> Stored[T] | None:
        """Return a record; one indexed read."""
        key = (partition.tenant_id, partition.space_id, kind.name, id_)
        return self._reader.recent(_GET, key, lambda row: _stored(kind.model, row))

    async def get_many(
        self, kind: Kind[T], partition: Partition, ids: Sequence[str]
    ) -> Mapping[str, Stored[T]]:
        """Return those that exist; the loop is given way to between portions."""
        found: dict[str, Stored[T]] = {}
        for n, id_ in enumerate(ids, start=1):
            if (stored := await self.get(kind, partition, id_)) is not None:
                found[id_] = stored
            if n % _INLINE == 0:
                await asyncio.sleep(0)
        return found

    async def find(self, kind: Kind[T], tenant_id: str, id_: str) -> Stored[T] | None:
        """Return a record of the tenant; one indexed read."""
        key = (kind.name, id_, tenant_id)
        return self._reader.recent(_FIND, key, lambda row: _stored(kind.model, row))

    async def page(self, kind: Kind[T], partition: Partition, listing: Listing) -> Page[Stored[T]]:
        """Return one page; a filtered or long one is read aside."""
        sql, parameters = query(kind.name, partition, listing)
        if listing.where is None and listing.limit <= _INLINE:
            rows = self._reader.rows(sql, parameters)
        else:
            rows = await self._reader.rows_aside(sql, parameters)
        items = tuple(
            Stored(codec.decode(kind.model, body), etag) for _, etag, body in rows[: listing.limit]
        )
        return Page(items, rows[listing.limit - 1][0] if len(rows) > listing.limit else None)

    async def count(self, kind: Kind[T], partition: Partition, *, within_s: float = 0.0) -> int:
        """Return a counter that is kept with every change."""
        del within_s
        place = (partition.tenant_id, partition.space_id, kind.name)
        return self._reader.recent(_COUNT, place, lambda row: 0 if row is None else int(row[0]))

    async def commit(self, partition: Partition, *wanted: Change) -> Sequence[str]:
        """Apply all changes or none; on return they are on the medium."""
        now = self._clock()
        process = self._writer.process
        steps = [changes.prepared(partition, change, now, process) for change in wanted]
        steps.extend(trail.step(self._writer.chain, wanted))
        etags = await self._writer.run(lambda connection: changes.apply(connection, steps))
        if any(isinstance(change, Enqueue) for change in wanted):
            self._wakeup.ring()
        return etags[: len(wanted)]

    async def erase(self, partition: Partition) -> int:
        """Delete a space's records and jobs, portion by portion; return how many went."""
        if not partition.space_id:
            raise ValueError("only a space's partition is erased")
        erased = 0
        while gone := await self._writer.run(lambda c: changes.erase(c, partition, _ERASE)):
            erased += gone
        return erased

    async def tenants(self) -> Sequence[str]:
        """Return the tenants that own records or jobs, in order."""
        return [tenant for (tenant,) in await self._reader.rows_aside(_TENANTS, ())]

    async def ping(self) -> None:
        """Write and read."""
        await self._writer.run(changes.beat)
        self._reader.one("SELECT beat FROM pulse", ())


class SqliteKeyDirectory:
    """`KeyDirectory`: key ids are unguessable and unique among tenants."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    async def find_key(self, key_id: str, *, within_s: float = 0.0) -> Stored[ApiKey] | None:
        """Return the key by its id alone."""
        del within_s
        key = (API_KEYS.name, key_id)
        return self._reader.recent(_FIND_KEY, key, lambda row: _stored(ApiKey, row))


def _stored(model: type[T], row: Row | None) -> Stored[T] | None:
    return None if row is None else Stored(codec.decode(model, row[1]), row[0])
