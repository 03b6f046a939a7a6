"""A TCP proxy in front of one peer."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any

from tests.peers.faults.pipe import CutError, Pipe, reset
from tests.peers.faults.toxics import RefusedError, Stream, Toxic


class Proxy:
    """Passes connections on, through its toxics; disabled, it refuses and drops them."""

    def __init__(self, name: str, listen: str, upstream: str) -> None:
        self.name = name
        self.upstream = upstream
        self.toxics: list[Toxic] = []
        self.connections = 0  # ever accepted
        self._host, _, port = listen.rpartition(":")
        self._port = int(port)
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.Task[None]] = set()

    @property
    def enabled(self) -> bool:
        """Tell whether it listens."""
        return self._server is not None

    @property
    def listen(self) -> str:
        """Return where it listens."""
        return f"{self._host}:{self._port}"

    async def enable(self) -> None:
        """Listen, on the same port as before."""
        if self._server is None:
            self._server = await asyncio.start_server(self._accept, self._host, self._port)
            self._port = self._server.sockets[0].getsockname()[1]

    async def disable(self) -> None:
        """Refuse new connections and reset those that are open."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for task in self._open:
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)

    def add(self, one: Toxic) -> None:
        """Have one more fault; RefusedError if there is one of this name."""
        if self.named(one.name) is not None:
            raise RefusedError(f"there is a toxic {one.name} already")
        self.toxics.append(one)

    def named(self, name: str) -> Toxic | None:
        """Return the toxic of this name."""
        return next((one for one in self.toxics if one.name == name), None)

    def told(self) -> dict[str, Any]:
        """Return what there is to know, JSON-ready."""
        return {
            "name": self.name,
            "listen": self.listen,
            "upstream": self.upstream,
            "enabled": self.enabled,
            "toxics": [asdict(one) for one in self.toxics],
            "connections": self.connections,
            "open": len(self._open),
        }

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        task = asyncio.create_task(self._carry(reader, writer))
        self._open.add(task)
        task.add_done_callback(self._open.discard)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        host, _, port = self.upstream.rpartition(":")
        try:
            there, back = await asyncio.open_connection(host, int(port))
        except OSError:
            reset(writer)
            return
        ends = [writer, back]
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(Pipe(reader, back, writer, self._of("upstream")).run())
                group.create_task(Pipe(there, writer, writer, self._of("downstream")).run())
            ends = []
            for end in (writer, back):
                end.close()
        except* (ConnectionError, CutError, TimeoutError):
            pass  # what is open yet is reset
        finally:
            for end in ends:
                reset(end)

    def _of(self, stream: Stream) -> Callable[[], Sequence[Toxic]]:
        def now() -> Sequence[Toxic]:
            return [one for one in self.toxics if one.stream == stream]

        return now
