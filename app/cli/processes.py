"""Several processes that answer at one address: `eva serve --processes 2`.

The event loop of a process fills one core, however many there are. So a keeper opens the socket,
starts processes that all accept from it, puts another in the place of one that ends, and ends them
when it is told to. Each holds the other end of a line to its keeper: over it it says that it
answers, and learns that the keeper is gone.
"""

import asyncio
import logging
import signal
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Self

from app.core.errors import SetupError

_AGAIN_S = 1.0  # before another takes the place of one that ended
_GRACE_S = 15.0  # more than a process takes to end what is under way
_LOG = logging.getLogger(__name__)
_ANSWERS = b"+"


@dataclass(frozen=True, slots=True)
class Inherited:
    """What a process has of its keeper: the socket to accept from, and the line to it."""

    listening: socket.socket
    line: socket.socket

    @classmethod
    def read(cls, given: str) -> Self:
        """Take both over from the numbers that the keeper gave them. ValueError, OSError."""
        listening, line = (socket.socket(fileno=int(one)) for one in given.split(","))
        return cls(listening, line)

    def answers(self, gone: Callable[[], None]) -> None:
        """Tell the keeper that requests are answered; call `gone` if it ends before its process."""
        loop = asyncio.get_running_loop()

        def ended() -> None:
            loop.remove_reader(self.line)
            gone()

        self.line.setblocking(False)
        self.line.send(_ANSWERS)
        loop.add_reader(self.line, ended)


def listening(host: str, port: int) -> socket.socket:
    """Open the socket that all accept from; it listens once the first of them does. SetupError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    made = socket.socket(family)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        made.bind((host, port))
    except OSError as failed:
        made.close()
        raise SetupError(f"can't listen at {host}:{port}: {failed.strerror}") from None
    return made


async def keep(
    command: Sequence[str], shared: socket.socket, count: int, answering: Callable[[], None]
) -> signal.Signals:
    """Keep so many processes until a signal ends them all; return which it was.

    `command` is what starts one; what `Inherited.read` takes is put behind it. `answering` is
    called once all of them do. SetupError if one can't be started at first; it has said why.
    """
    loop = asyncio.get_running_loop()
    told: asyncio.Future[signal.Signals] = loop.create_future()
    for one in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(one, _tell, told, one)
    started = [asyncio.Event() for _ in range(count)]
    places = [asyncio.ensure_future(_place(command, shared, one)) for one in started]
    announcing = asyncio.ensure_future(_announced(started, answering))
    try:
        done, _ = await asyncio.wait([told, *places], return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (announcing, *places):
            task.cancel()
        await asyncio.gather(announcing, *places, return_exceptions=True)
    for failed in done - {told}:
        failed.result()
    return told.result()


def _tell(told: "asyncio.Future[signal.Signals]", one: signal.Signals) -> None:
    if not told.done():
        told.set_result(one)


async def _announced(started: Sequence[asyncio.Event], answering: Callable[[], None]) -> None:
    for one in started:
        await one.wait()
    answering()


async def _place(
    command: Sequence[str], shared: socket.socket, started: asyncio.Event
) -> signal.Signals:
    """Have a process run here, again and again, until cancelled."""
    while True:
        ours, theirs = socket.socketpair()
        passed = (shared.fileno(), theirs.fileno())
        process = await asyncio.create_subprocess_exec(
            *command,
            ",".join(map(str, passed)),
            pass_fds=passed,
            start_new_session=True,  # Ctrl+C is the keeper's to pass on
        )
        theirs.close()
        try:
            reader, writer = await asyncio.open_connection(sock=ours)
            if await reader.read(1) == _ANSWERS:
                started.set()
            elif not started.is_set():
                raise SetupError("a process that is to answer requests did not start")
            await process.wait()
            writer.close()
        finally:
            await _ended(process)
        _LOG.warning("process %d ended with %s", process.pid, process.returncode)
        await asyncio.sleep(_AGAIN_S)


async def _ended(process: asyncio.subprocess.Process) -> None:
    """Let a process end what is under way, but not forever."""
    if process.returncode is not None:
        return
    process.terminate()
    try:
        await asyncio.wait_for(process.wait(), _GRACE_S)
    except TimeoutError:
        process.kill()
        await process.wait()
