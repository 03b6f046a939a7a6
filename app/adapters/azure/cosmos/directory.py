"""Signposts: small items that say in which partition something may be, outside of that partition.

They are written before what they point at, and decide nothing: whoever follows one looks whether
the thing is there. So a commit and its signposts need no transaction, and a crash between them
leaves a signpost to nothing, which is harmless. What was read once is remembered for the same
reason; a record that is not where it was is looked for again.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Iterator, Sequence

from app.adapters.azure.cosmos.container import Container
from app.adapters.azure.cosmos.remembering import Remembered
from app.core.kinds import API_KEYS, DOCUMENTS, QUERIES
from app.core.models import Partition
from app.core.ports import Change, Put

LOCATED = frozenset({DOCUMENTS.name, QUERIES.name})  # kinds that have a signpost each
_HOME = "~home"  # an id may not be empty
_MOST_KNOWN = 50_000
_IDS = "SELECT VALUE c.id FROM c"


class Directory:
    """Where tenants, their partitions, records and keys are."""

    def __init__(self, shelves: Container, keys: Container) -> None:
        self._shelves = shelves
        self._keys = keys
        self._known: Remembered[tuple[str, str], bool] = Remembered(_MOST_KNOWN)
        self._places: Remembered[str, Partition] = Remembered(_MOST_KNOWN)
        self._tenants: Remembered[str, str] = Remembered(_MOST_KNOWN)

    async def before(self, partition: Partition, changes: Sequence[Change]) -> None:
        """Put up what must stand before these changes are committed."""
        await self.enter("tenants", partition.tenant_id)
        await self.enter(f"places:{partition.tenant_id}", partition.space_id or _HOME)
        await asyncio.gather(*self._needed(partition, changes))

    async def enter(self, shelf: str, id_: str) -> None:
        """See that an id stands on a shelf, written once a process."""
        if not self._known.get((shelf, id_)):
            await self._shelves.upsert({"shelf": shelf, "id": id_})
            self._known.put((shelf, id_), True)

    async def shelf(self, name: str) -> list[str]:
        """Return what stands on a shelf, in order."""
        return sorted(await self._shelves.query((name,), _IDS))

    async def tenants(self) -> list[str]:
        """Return every tenant that ever owned anything."""
        return await self.shelf("tenants")

    async def places(self, tenant_id: str) -> list[Partition]:
        """Return every partition that a tenant ever had."""
        spaces = await self.shelf(f"places:{tenant_id}")
        return [Partition(tenant_id, "" if name == _HOME else name) for name in spaces]

    async def located(self, kind: str, tenant_id: str, id_: str) -> AsyncIterator[Partition]:
        """Yield where a record may be: where it was last, then where its signpost says."""
        shelf = _record(kind, tenant_id, id_)
        if (known := self._places.get(shelf)) is not None:
            yield known
        if (found := await self._shelves.read((shelf,), "place")) is not None:
            place = Partition(tenant_id, found["space_id"])
            self._places.put(shelf, place)
            yield place

    async def tenants_of_key(self, key_id: str) -> AsyncIterator[str]:
        """Yield which tenant may have a key: who had it last, then whom its signpost names."""
        if not key_id or not key_id.isascii() or not key_id.replace("_", "").isalnum():
            return
        if (known := self._tenants.get(key_id)) is not None:
            yield known
        if (found := await self._keys.read((key_id,), key_id)) is not None:
            self._tenants.put(key_id, str(found["tenant_id"]))
            yield str(found["tenant_id"])

    def _needed(self, partition: Partition, changes: Sequence[Change]) -> Iterator[Awaitable[None]]:
        for change in changes:
            if not isinstance(change, Put) or change.if_etag is not None:
                continue
            if change.kind.name in LOCATED:
                yield self._signpost(partition, change)
            elif change.kind is API_KEYS:
                yield self._keys.upsert({"id": change.value.id, "tenant_id": partition.tenant_id})

    async def _signpost(self, partition: Partition, put: Put) -> None:
        shelf = _record(put.kind.name, partition.tenant_id, put.value.id)
        await self._shelves.upsert({"id": "place", "shelf": shelf, "space_id": partition.space_id})
        self._places.put(shelf, partition)


def _record(kind: str, tenant_id: str, id_: str) -> str:
    return f"record:{tenant_id}:{kind}:{id_}"
