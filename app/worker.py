"""The worker process: drives durable jobs. Inside `eva serve` when embedded, alone otherwise."""

import asyncio
import contextlib
import os
import socket
from collections.abc import AsyncIterator, Mapping
from importlib.metadata import version

from app import telemetry
from app.core import erasure, ingestion, responding, upkeep
from app.core.attempts import recorded
from app.core.live import Live
from app.core.models import JobKind
from app.core.ports import Ports
from app.core.tracing import Recorder
from app.core.work import Handler, Lane, Worker
from app.settings import Settings
from app.wiring import open_ports


def handlers(live: Live) -> Mapping[JobKind, Handler]:
    """Return how each kind of job is done and given up."""
    return {
        JobKind.ANSWER: Handler(
            do=lambda ports, lease: responding.respond(ports, live, lease),
            give_up=lambda ports, lease: responding.give_up(ports, live, lease),
        ),
        JobKind.INGEST: Handler(do=ingestion.ingest, give_up=ingestion.give_up),
        JobKind.DESCRIBE: Handler(do=ingestion.describe),
        JobKind.ERASE_DOCUMENT: Handler(do=erasure.erase_document),
        JobKind.ERASE_SPACE: Handler(do=erasure.erase_space),
    }


def lanes(settings: Settings) -> tuple[Lane, ...]:
    """Return which jobs share places, so that an answer never waits behind uploads."""
    answers = settings.answer_places or (4 if settings.backend == "embedded" else 32)
    if settings.ingest_places == 0:
        return (Lane((JobKind.ANSWER,), answers),)
    return (
        Lane((JobKind.ANSWER,), answers),
        Lane((JobKind.INGEST,), settings.ingest_places),
        Lane((JobKind.DESCRIBE, JobKind.ERASE_DOCUMENT, JobKind.ERASE_SPACE), 1),
    )


@contextlib.asynccontextmanager
async def start(
    ports: Ports, live: Live, settings: Settings, recorder: Recorder | None = None
) -> AsyncIterator[Worker]:
    """Run a worker for the duration of the context; jobs are recorded if there is a recorder."""
    name = f"{socket.gethostname()}/{os.getpid()}"
    worker = Worker(ports, recorded(handlers(live), recorder), lanes(settings), name=name)
    running = [asyncio.create_task(worker.run()), asyncio.create_task(upkeep.run(ports))]
    try:
        yield worker
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)


async def run(settings: Settings) -> None:
    """Work until cancelled."""
    signals = telemetry.chosen(settings, role="worker", version=version("eva-api"))
    recorder = signals.traces if signals is not None else None
    async with (
        open_ports(settings) as opened,
        telemetry.observed(signals, opened, settings) as ports,
        start(ports, Live(), settings, recorder),
    ):
        await asyncio.Event().wait()
