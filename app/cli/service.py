"""`eva serve`, `eva worker`."""

import asyncio
import gc
import signal
import socket
import sys
from collections.abc import Coroutine
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.cli.processes import Inherited, Program, keep, listening
from app.cli.screen import Screen
from app.core import loglines
from app.core.errors import SetupError
from app.settings import Settings
from app.telemetry import METRICS_PORT

if TYPE_CHECKING:
    import uvicorn

_GRACE_S = 10  # how long requests under way may take once the service is told to stop
_SWITCH_S = 0.001  # of the event loop's turn, while a thread computes; usual are 5 ms
_GARBAGE = 10_000  # objects more than before until the collector looks for circles; usual are 700
_KEEP_ALIVE_S = 75  # longer than people think and proxies keep idle connections (60 s)


def serve(
    host: Annotated[str | None, typer.Option(help="Listen on this address, not EVA_HOST.")] = None,
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Listen on this port, not EVA_PORT.")
    ] = None,
    processes: Annotated[
        int | None, typer.Option(min=1, max=64, help="So many answer, not EVA_PROCESSES.")
    ] = None,
    inherited: Annotated[str | None, typer.Option(hidden=True)] = None,
) -> None:
    """Start the service: the API and, unless EVA_WORKER is off, the worker.

    On an empty data folder it issues one administrator key and prints it once; on Azure,
    `eva azure init` does.

    Ctrl+C stops it: what is under way may end, for some seconds. Once more stops it at once; what
    was answered is kept even so.
    """
    settings = Settings.load()
    settings = replace(settings, host=host or settings.host)
    settings = replace(settings, port=settings.port if port is None else port)
    settings = replace(settings, processes=processes or settings.processes)
    if settings.backend == "embedded" and settings.metrics_port is None:
        settings = replace(settings, metrics_port=METRICS_PORT)
    _log(settings)
    if inherited is None and settings.processes > 1:
        _keep(settings)
        return
    _looped(_open_once(settings))
    keeper = None if inherited is None else Inherited.read(inherited)
    try:
        _server(settings, keeper).run([keeper.listening] if keeper else None)
    except SystemExit as failed:  # it has logged why
        raise typer.Exit(1) from failed


def _keep(settings: Settings) -> None:
    """Let several processes answer, which share the memory that one would take."""
    if settings.backend == "embedded":
        raise SetupError("EVA_PROCESSES: a data folder is served by one process")
    if settings.metrics_port:
        raise SetupError("EVA_METRICS_PORT is one process's; EVA_PROCESSES asks for several")
    import uvloop

    count = settings.processes
    program = Program(
        command=[sys.executable, "-P", "-m", "app.cli", "serve", "--inherited"],
        environment={
            "EVA_INGEST_PLACES": str(-(-settings.ingest_places // count)),
            "EVA_INDEX_CACHE_MB": str(-(-settings.index_cache_mb // count)),
        },
    )
    with listening(settings.host, settings.port) as shared:
        host, port = shared.getsockname()[:2]
        url = f"http://{host}:{port}"
        told = uvloop.run(keep(program, shared, count, lambda: _announce(url, settings, None)))
    signal.signal(told, signal.SIG_DFL)
    signal.raise_signal(told)


def worker() -> None:
    """Run background work (reading documents, answering) in a process of its own."""
    settings = Settings.load()
    _log(settings)
    Screen().note(f"working on {_place(settings)}; Ctrl+C stops")
    _looped(_work(settings))


def _log(settings: Settings) -> None:
    usual = "text" if settings.environment == "development" else "json"
    loglines.install(settings.log_level, as_json=(settings.log_format or usual) == "json")


async def _open_once(settings: Settings) -> None:
    """Find out before the service starts, and say without a trace, what its set-up lacks."""
    from app.wiring import open_ports

    async with open_ports(settings):
        pass


async def _work(settings: Settings) -> None:
    from app import worker as background

    task = asyncio.ensure_future(background.run(settings))
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    _tune()
    try:
        await task
    except asyncio.CancelledError:
        Screen().note("stopped")


def _looped(work: Coroutine[Any, Any, None]) -> None:
    """Run on the loop that requests are served on: it costs less than the library's own."""
    import uvloop

    uvloop.run(work)


def _server(settings: Settings, keeper: Inherited | None) -> "uvicorn.Server":
    import uvicorn

    from app.cli.first_start import administrator_token
    from app.web import accepting

    class Announcing(uvicorn.Server):
        """Says where it listens once it does; no key is issued by a start that failed."""

        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            if self.started:
                await accepting.faster(self)
                if keeper is None:
                    host, port = self.servers[0].sockets[0].getsockname()[:2]
                    first = settings.backend == "embedded"
                    token = await administrator_token(settings) if first else None
                    _announce(f"http://{host}:{port}", settings, token)
                else:
                    keeper.answers(self._stop)
                _tune()

        def _stop(self) -> None:
            self.should_exit = True

    return Announcing(_config(settings))


def _config(settings: Settings) -> "uvicorn.Config":
    import uvicorn

    from app.main import create_app
    from app.web import connections

    return uvicorn.Config(
        lambda: create_app(settings),
        factory=True,
        host=settings.host,
        port=settings.port,
        loop="uvloop",
        http=connections.watched(settings.head_timeout_s),
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,  # who is whose proxy is for EVA_TRUSTED_PROXIES to say
        timeout_keep_alive=_KEEP_ALIVE_S,
        timeout_graceful_shutdown=_GRACE_S,
    )


def _tune() -> None:
    """Let the interpreter work: what was imported stays; no thread keeps the loop waiting long."""
    gc.collect()
    gc.freeze()  # to look through all of it again and again would cost requests
    gc.set_threshold(_GARBAGE, *gc.get_threshold()[1:])
    sys.setswitchinterval(_SWITCH_S)


def _announce(url: str, settings: Settings, token: str | None) -> None:
    eva = invocation()
    said = Screen()
    said.say(f"EVA API answers at {url} ({_place(settings)})")
    if token is not None:
        said.say()
        said.say("The administrator key of this data folder. It is shown only now; keep it:")
        said.say()
        said.say(f"  {token}", "bold")
    said.say()
    said.say("Try next, in another terminal:")
    said.say()
    said.say(f"  export EVA_API_KEY={token or '…'}")
    said.say(f"  {eva} demo")
    said.say(f"  {eva} spaces create Handbook")
    said.say(f"  {eva} documents upload YOUR-FILES --space Handbook")
    said.say(f'  {eva} ask "Your question?" --space Handbook')
    said.say()
    sys.stdout.flush()


def _place(settings: Settings) -> str:
    """Return where the data lives."""
    if settings.backend == "azure":
        return f"Cosmos DB: {settings.cosmos_endpoint}"
    return f"data folder: {settings.data_dir}"


def invocation() -> str:
    """Return how a person in this folder calls this program."""
    local = Path(sys.prefix)
    return f"{local.name}/bin/eva" if local.parent == Path.cwd() else "eva"
