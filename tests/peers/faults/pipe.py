"""One direction of one connection, with the faults that its proxy has at the moment."""

import asyncio
import random
import socket
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tests.peers.faults import canned
from tests.peers.faults.toxics import Toxic

_CHUNK = 65_536
_HELD = 64  # chunks on their way
_LINGER_NOT = struct.pack("ii", 1, 0)


class CutError(Exception):
    """The connection is to end now, with a reset."""


@dataclass(frozen=True, slots=True)
class Pipe:
    """Carries bytes from `source` to `sink`; `client` is where canned answers go."""

    source: asyncio.StreamReader
    sink: asyncio.StreamWriter
    client: asyncio.StreamWriter
    toxics: Callable[[], Sequence[Toxic]]  # those of this direction, as they are now

    async def run(self) -> None:
        """Carry until either end closes; raises CutError."""
        held: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(_HELD)
        async with asyncio.TaskGroup() as group:
            group.create_task(self._read(held))
            group.create_task(self._write(held))

    async def _read(self, held: asyncio.Queue[tuple[float, bytes]]) -> None:
        """Take chunks and note when each is due; b"" is the end."""
        while True:
            data = await self.source.read(_CHUNK)
            late = sum(_latency(one) for one in self.toxics() if one.type == "latency")
            await held.put((asyncio.get_running_loop().time() + late, data))
            if not data:
                return

    async def _write(self, held: asyncio.Queue[tuple[float, bytes]]) -> None:
        passed = 0
        while True:
            due, data = await held.get()
            await asyncio.sleep(max(0.0, due - asyncio.get_running_loop().time()))
            if not data:
                self.sink.write_eof()
                return
            for one in self.toxics():
                if one.type == "http" and await self._answered(one, data, held):
                    raise CutError
                data = await self._suffer(one, data, passed)
            self.sink.write(data)
            await self.sink.drain()
            passed += len(data)
            if any(
                one.type == "limit_data" and passed >= one.number("bytes") for one in self.toxics()
            ):
                raise CutError

    async def _suffer(self, one: Toxic, data: bytes, passed: int) -> bytes:
        """Return what a toxic leaves of a chunk; raises CutError."""
        match one.type:
            case "timeout":
                one.hits += 1
                await self._hole(one)
                return b""
            case "bandwidth":
                one.hits += 1
                await asyncio.sleep(len(data) / max(one.number("rate") * 1000, 1))
            case "limit_data":
                one.hits += 1
                return data[: max(0, int(one.number("bytes")) - passed)]
            case "reset_peer" if one.strikes():
                await asyncio.sleep(one.number("timeout") / 1000)
                raise CutError
        return data

    async def _answered(
        self, one: Toxic, data: bytes, held: asyncio.Queue[tuple[float, bytes]]
    ) -> bool:
        """Answer a request in the server's stead if the toxic is for it."""

        async def more() -> bytes:
            return (await held.get())[1]

        line = canned.request_line(data)
        if not (line and one.wants(line) and one.strikes()):
            return False
        await canned.answer(one, data, more, self.client)
        return True

    async def _hole(self, one: Toxic) -> None:
        """Let nothing through while the toxic is there, or until its time is over."""
        limit = one.number("timeout") / 1000
        begun = asyncio.get_running_loop().time()
        while one in self.toxics():
            if limit and asyncio.get_running_loop().time() - begun >= limit:
                raise CutError
            await asyncio.sleep(0.02)


def _latency(one: Toxic) -> float:
    one.hits += 1
    jitter = one.number("jitter")
    chance = random.uniform(-jitter, jitter)  # noqa: S311 - chance
    return max(0.0, one.number("latency") + chance) / 1000


def reset(writer: asyncio.StreamWriter) -> None:
    """End a connection the hard way: the other side sees a reset."""
    found: socket.socket | None = writer.get_extra_info("socket")
    if found is not None and not writer.transport.is_closing():
        found.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NOT)
    writer.transport.abort()
