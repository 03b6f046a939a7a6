"""The application: start reading here. Serve it with `uvicorn app.main:create_app --factory`.

`create_app` builds the HTTP face; the lifespan opens what stands behind it (`wiring`) and, unless
another process works, starts the worker. Nothing happens at import.
"""

import contextlib
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from importlib.metadata import version

from fastapi import FastAPI

from app import worker
from app.core.live import Live
from app.settings import Settings
from app.web.application import Application
from app.web.listeners import Listeners
from app.web.services import Limits, Services, State
from app.wiring import open_ports


def create_app(settings: Settings | None = None) -> Application:
    """Return the application; settings are read from the environment if not given."""
    chosen = settings or Settings.load()

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[State]:
        async with AsyncExitStack() as stack:
            yield {"services": await _opened(chosen, stack)}

    return Application(
        lifespan=lifespan, version=version("eva-api"), max_json_bytes=chosen.max_json_bytes
    )


async def _opened(settings: Settings, stack: AsyncExitStack) -> Services:
    """Open everything that requests work with, to be closed with the stack."""
    live = Live()
    ports = await stack.enter_async_context(open_ports(settings))
    running = None
    if settings.worker:
        running = await stack.enter_async_context(worker.start(ports, live, settings))
    listeners = Listeners(ports, live, grace_s=settings.sse_grace_s)
    stack.push_async_callback(listeners.close)
    return Services(
        ports=ports,
        live=live,
        worker=running,
        listeners=listeners,
        limits=Limits(
            max_upload_bytes=settings.max_upload_bytes,
            max_json_bytes=settings.max_json_bytes,
            max_wait_s=settings.max_wait_s,
            heartbeat_s=settings.sse_heartbeat_s,
        ),
        version=version("eva-api"),
        data_dir=settings.data_dir,
    )
