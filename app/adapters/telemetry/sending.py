"""Sends signals away, in a thread of its own that requests never wait for.

What can't be handed to the thread because it is still busy with what came before is dropped, and
said to be.
"""

import asyncio
import gc
import logging
import queue
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from app.adapters.telemetry.meters import Point
from app.adapters.telemetry.recorder import Kept
from app.core.loglines import Line
from app.core.tracing import Span

_WAITING = 12  # batches
_log = logging.getLogger("eva.telemetry")


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """What is sent together."""

    spans: Sequence[Kept] = ()
    lines: Sequence[tuple[Line, Span | None]] = ()
    points: Sequence[Point] = ()


class Channel(Protocol):
    """A way to where signals go. Used by the sending thread only."""

    def send(self, batch: Batch) -> None:
        """Send, or keep for later; blocks."""

    def close(self) -> None:
        """Send no more."""


class Sender:
    """The thread. `opening` imports the libraries that it needs, so it is called in it too."""

    def __init__(self, opening: Callable[[], Channel]) -> None:
        self._opening = opening
        self._batches: queue.Queue[Batch | None] = queue.Queue(_WAITING)
        self._thread = threading.Thread(target=self._run, name="eva-telemetry", daemon=True)
        self.dropped = 0

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def put(self, batch: Batch) -> None:
        """Hand over a batch, at once."""
        try:
            self._batches.put_nowait(batch)
        except queue.Full:
            if not self.dropped:
                _log.error("telemetry is sent too slowly; from now on some of it is dropped")
            self.dropped += 1

    async def stop(self, within_s: float) -> None:
        """Send what was handed over, as far as the time allows."""
        try:
            self._batches.put_nowait(None)
        except queue.Full:
            return
        await asyncio.to_thread(self._thread.join, within_s)

    def _run(self) -> None:
        try:
            channel = self._opening()
        except ImportError:
            _log.exception("telemetry is not sent: install the extra `telemetry`")
            return
        gc.freeze()  # what was imported stays; to look through it again and again costs requests
        while (batch := self._batches.get()) is not None:
            try:
                channel.send(batch)
            except Exception:  # noqa: BLE001 - a fault of the exporter must not end the sending
                _log.exception("telemetry could not be sent")
        channel.close()
