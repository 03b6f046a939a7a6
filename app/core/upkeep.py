"""What has to be done now and then: seal the audit trail, forget old calls, sweep up blobs."""

import asyncio
import logging
from functools import partial

from app.core import idempotency, sweeping
from app.core.ports import Ports
from app.core.repeating import repeat

_SEAL_CHECK_S = 5.0  # how often it is asked whether a checkpoint is due
_CALLS_S = 3600.0
_SWEEP_S = 6 * 3600.0
_log = logging.getLogger("eva.upkeep")


async def run(ports: Ports) -> None:
    """Keep the store in order until cancelled; what can't be done now is tried again."""
    async with asyncio.TaskGroup() as group:
        group.create_task(repeat("sealing the audit trail", ports.audit.seal, _SEAL_CHECK_S))
        group.create_task(repeat("forgetting calls", partial(_forget, ports), _CALLS_S))
        group.create_task(repeat("sweeping blobs", partial(_sweep, ports), _SWEEP_S))


async def _forget(ports: Ports) -> None:
    await idempotency.forget_old(ports)


async def _sweep(ports: Ports) -> None:
    if removed := await sweeping.sweep(ports):
        _log.warning("blobs without a document were removed: %d", removed)
