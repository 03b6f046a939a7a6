"""A redis-server of the tests' own, and a door in front of it that can be slow or lead nowhere."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

from tests.peers.programs import free_port, running
from tests.peers.redis import redis


@contextlib.contextmanager
def redis_server(folder: Path) -> Iterator[int]:
    """Run redis-server on a free port for the duration of the context."""
    port = free_port()
    with running(redis(folder, port), folder):
        yield port


class Door:
    """Passes bytes on to a server: late by `delay_s`, never if it is a `hole`."""

    def __init__(self, behind: int) -> None:
        self._behind = behind
        self._open: set[asyncio.StreamWriter] = set()
        self._passing: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self.port = 0
        self.delay_s = 0.0
        self.hole = False
        self.visits = 0

    async def open(self) -> None:
        """Accept connections, on the same port if it was open before."""
        self._server = await asyncio.start_server(self._enter, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def shut(self) -> None:
        """Drop every connection and refuse new ones."""
        if self._server is not None:
            self._server.close()
        for writer in self._open:
            writer.transport.abort()
        for task in self._passing:
            task.cancel()
        await asyncio.gather(*self._passing, return_exceptions=True)
        if self._server is not None:
            await self._server.wait_closed()
        self._open.clear()
        self._server = None

    async def _enter(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.visits += 1
        there, back = await asyncio.open_connection("127.0.0.1", self._behind)
        self._open |= {writer, back}
        for task in (
            asyncio.create_task(self._pass(reader, back)),
            asyncio.create_task(self._pass(there, writer)),
        ):
            self._passing.add(task)
            task.add_done_callback(self._passing.discard)

    async def _pass(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            while data := await source.read(65536):
                await asyncio.sleep(self.delay_s)
                if not self.hole:
                    sink.write(data)
                    await sink.drain()
        sink.close()


@contextlib.asynccontextmanager
async def door(behind: int) -> AsyncIterator[Door]:
    """Open a door for the duration of the context."""
    made = Door(behind)
    await made.open()
    try:
        yield made
    finally:
        await made.shut()
