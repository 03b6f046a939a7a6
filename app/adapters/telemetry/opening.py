"""Telemetry of one process: what measures, and what sends, for as long as the service runs."""

import asyncio
import contextlib
import logging
import os
import socket
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

from app.adapters.telemetry import prometheus
from app.adapters.telemetry.gauges import Gauges
from app.adapters.telemetry.meters import Meters, Point
from app.adapters.telemetry.recorder import Lines, Traces
from app.adapters.telemetry.sampling import Sampler
from app.adapters.telemetry.sending import Batch, Channel, Sender
from app.core import loglines, metrics

_log = logging.getLogger("eva.telemetry")
_FAREWELL_S = 5.0  # for what is left to be sent at the end
_METRICS_EVERY = 6  # every so many sendings


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """Where signals go. A connection string comes before a collector; both may be absent."""

    azure_connection: str | None = None
    collector: str | None = None  # an http(s) address
    prometheus: tuple[str, int] | None = None  # host and port
    traces_per_second: float = 1.0
    every_s: float = 10.0
    folder: Path = Path("telemetry")  # for what can't be sent now
    role: str = "api"
    backend: str = "embedded"
    version: str = ""
    environment: str = ""

    @property
    def away(self) -> bool:
        """Tell whether signals leave this machine by themselves."""
        return self.azure_connection is not None or self.collector is not None


@dataclass(frozen=True, slots=True)
class Telemetry:
    """What measures. `traces` is None where nobody would see them."""

    sending: Sending
    meters: Meters = field(default_factory=Meters)
    traces: Traces | None = None

    @contextlib.asynccontextmanager
    async def open(self, looking: Callable[[Meters], Gauges]) -> AsyncIterator[None]:
        """Measure and send for the duration of the context."""
        async with AsyncExitStack() as stack:
            metrics.opened(self.meters)
            stack.callback(metrics.closed, self.meters)
            gauges = looking(self.meters)
            await stack.enter_async_context(_running(gauges.run()))
            if self.sending.prometheus is not None:
                await self._serve(stack, gauges)
            if self.sending.away:
                await stack.enter_async_context(self._sent())
            yield

    async def _serve(self, stack: AsyncExitStack, gauges: Gauges) -> None:
        host, port = self.sending.prometheus or ("", 0)

        def points() -> Sequence[Point]:
            gauges.process()
            return self.meters.seen()

        try:
            bound = await stack.enter_async_context(prometheus.serving(host, port, points))
        except OSError as refused:
            _log.warning("no metrics at port %d: %s", port, refused.strerror)
        else:
            _log.info("metrics at http://%s:%d/metrics", host, bound)

    @contextlib.asynccontextmanager
    async def _sent(self) -> AsyncIterator[None]:
        sender, lines = Sender(self._channel), Lines()
        ours = [logging.getLogger(name) for name in loglines.OURS]
        for logger in ours:
            logger.addHandler(lines)
        sender.start()
        try:
            async with _running(self._pump(sender, lines)):
                yield
        finally:
            for logger in ours:
                logger.removeHandler(lines)
            sender.put(self._batch(lines, measured=True))
            await sender.stop(_FAREWELL_S)

    async def _pump(self, sender: Sender, lines: Lines) -> None:
        turn = 0
        while True:
            await asyncio.sleep(self.sending.every_s)
            turn += 1
            sender.put(self._batch(lines, measured=turn % _METRICS_EVERY == 0))

    def _batch(self, lines: Lines, *, measured: bool) -> Batch:
        return Batch(
            spans=self.traces.taken() if self.traces else (),
            lines=lines.taken(),
            points=self.meters.taken() if measured else (),
        )

    def _channel(self) -> Channel:
        about = {
            "service.name": f"eva-{self.sending.role}",
            "service.version": self.sending.version,
            "service.instance.id": f"{socket.gethostname()}/{os.getpid()}",
            "deployment.environment.name": self.sending.environment,
        }
        if self.sending.azure_connection is not None:
            from app.adapters.telemetry.azure_monitor import (  # noqa: PLC0415 - chosen
                AzureMonitor,
            )

            return AzureMonitor(self.sending.azure_connection, self.sending.folder, about)
        from app.adapters.telemetry.otlp import Collector  # noqa: PLC0415 - chosen

        return Collector(self.sending.collector or "", about)


def telemetry(sending: Sending) -> Telemetry | None:
    """Return what measures; None if nobody would see it."""
    if not sending.away and sending.prometheus is None:
        return None
    traces = Traces(Sampler(sending.traces_per_second)) if sending.away else None
    return Telemetry(sending, Meters(), traces)


@contextlib.asynccontextmanager
async def _running(work: Coroutine[object, object, None]) -> AsyncIterator[None]:
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
