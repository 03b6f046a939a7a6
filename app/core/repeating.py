"""What a process does now and then: a turn that fails is told, and the next one comes all the same.

A loop that an odd error ended would be missed by nobody: the process goes on without it.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from app.core.errors import EvaError

_log = logging.getLogger("eva.upkeep")


async def repeat(what: str, task: Callable[[], Awaitable[object]], pause_s: float) -> None:
    """Do the task at once and again after each pause, until cancelled; `what` is for the log."""
    while True:
        try:
            await task()
        except EvaError as error:
            _log.warning("%s: not now (%s)", what, error.code)
        except Exception:  # noqa: BLE001 - whatever it was, there is a next turn
            _log.exception("%s: failed", what)
        await asyncio.sleep(pause_s)
