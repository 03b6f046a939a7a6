"""Clocks that tests move, a loop's among them, and a wait for the one of the wall."""

import asyncio
import time
from dataclasses import dataclass

MINUTE, DAY = 60, 86_400
_ENOUGH_S = 20


@dataclass
class Clock:
    """Seconds, monotonic or of the wall."""

    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


def wait_for_room(window_s: float) -> None:
    """Wait for the next minute or day (of UTC) if this ends soon: counts begin anew."""
    left = window_s - time.time() % window_s
    if left < _ENOUGH_S:
        time.sleep(left)


def leap(seconds: float) -> None:
    """Set the running loop's clock forward: what waits for less is over, however little passed."""
    loop = asyncio.get_running_loop()
    now = loop.time
    setattr(loop, "time", lambda: now() + seconds)  # noqa: B010 - mypy minds an assignment
