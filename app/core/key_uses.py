"""When keys were last used: noted in memory, kept once a minute, never while a request waits."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime

from app.core.errors import EvaError
from app.core.kinds import KEY_USES
from app.core.models import KeyUse, Partition
from app.core.ports.records import Put, Records
from app.core.repeating import repeat

_PAUSE_S = 60.0
_BATCH = 100
_log = logging.getLogger("eva.keys")


class KeyUses:
    """Notes uses. What this process has not kept yet is known to it all the same."""

    def __init__(self, records: Records) -> None:
        self._records = records
        self._fresh: dict[tuple[str, str], datetime] = {}  # by tenant and key

    def saw(self, tenant_id: str, key_id: str, now: datetime) -> None:
        """Note a use."""
        self._fresh[tenant_id, key_id] = now

    async def last(self, tenant_id: str, key_ids: Sequence[str]) -> Mapping[str, datetime]:
        """Return when keys were last used; those that never were are left out."""
        kept = await self._records.get_many(KEY_USES, Partition(tenant_id), key_ids)
        found = {id_: one.value.last_used_at for id_, one in kept.items()}
        for id_ in key_ids:
            fresh = self._fresh.get((tenant_id, id_))
            if fresh is not None and (id_ not in found or fresh > found[id_]):
                found[id_] = fresh
        return found

    async def keep(self) -> None:
        """Write what was noted, many keys at one go; what can't be written waits."""
        noted, self._fresh = self._fresh, {}
        for tenant_id in {tenant_id for tenant_id, _ in noted}:
            ids = [key_id for tenant, key_id in noted if tenant == tenant_id]
            for start in range(0, len(ids), _BATCH):
                uses = [
                    KeyUse(id=id_, last_used_at=noted[tenant_id, id_])
                    for id_ in ids[start : start + _BATCH]
                ]
                try:
                    await self._keep(Partition(tenant_id), uses)
                except EvaError as error:
                    _log.warning("uses of keys can't be kept now: %s", error.code)
                    self._fresh = {(tenant_id, u.id): u.last_used_at for u in uses} | self._fresh

    async def _keep(self, home: Partition, uses: Sequence[KeyUse]) -> None:
        """Write uses later than those that another process may have kept meanwhile."""
        kept = await self._records.get_many(KEY_USES, home, [use.id for use in uses])
        later = [
            Put(kind=KEY_USES, value=use)
            for use in uses
            if use.id not in kept or kept[use.id].value.last_used_at < use.last_used_at
        ]
        if later:
            await self._records.commit(home, *later)


@contextlib.asynccontextmanager
async def noting(records: Records) -> AsyncIterator[KeyUses]:
    """Note uses for the duration of the context, and keep them at its end."""
    uses = KeyUses(records)
    running = asyncio.create_task(repeat("keeping uses of keys", uses.keep, _PAUSE_S))
    try:
        yield uses
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await uses.keep()
