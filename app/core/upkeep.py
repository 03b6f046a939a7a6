"""What has to be done now and then: seal the audit trail, forget old calls, sweep up blobs."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TypeAlias

from app.core import idempotency, sweeping
from app.core.errors import EvaError
from app.core.ports import Ports

_SEAL_CHECK_S = 5.0  # how often it is asked whether a checkpoint is due
_CALLS_S = 3600.0
_SWEEP_S = 6 * 3600.0
Task: TypeAlias = Callable[[Ports], Awaitable[object]]
_log = logging.getLogger("eva.upkeep")


async def run(ports: Ports) -> None:
    """Keep the store in order until cancelled; what can't be done now is tried again."""
    async with asyncio.TaskGroup() as group:
        group.create_task(_every(_SEAL_CHECK_S, ports, _seal))
        group.create_task(_every(_CALLS_S, ports, _forget))
        group.create_task(_every(_SWEEP_S, ports, _sweep))


async def _seal(ports: Ports) -> None:
    await ports.audit.seal()


async def _forget(ports: Ports) -> None:
    await idempotency.forget_old(ports)


async def _sweep(ports: Ports) -> None:
    if removed := await sweeping.sweep(ports):
        _log.warning("blobs without a document were removed: %d", removed)


async def _every(pause_s: float, ports: Ports, task: Task) -> None:
    while True:
        try:
            await task(ports)
        except EvaError as error:
            _log.warning("upkeep postponed: %s", error.code)
        await asyncio.sleep(pause_s)
