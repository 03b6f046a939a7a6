"""Several processes that answer at one address: `eva serve --processes 2`.

The event loop of a process fills one core, however many there are. So a keeper opens the socket,
starts processes that all accept from it, puts another in the place of one that ends, and ends them
when it is told to, at once if it is told again. Each holds the other end of a line to its keeper:
over it it says that it answers, and learns that the keeper is gone.
"""

import asyncio
import logging
import os
import signal
import socket
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Self

from app.core.errors import SetupError

_AGAIN_S, _AGAIN_MOST_S = 1.0, 30.0  # before another is started; doubled while none answers
_START_S = 120.0  # until one that does not answer is ended
_GRACE_S = 30.0  # more than a process takes to end what is under way and to tell of it
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
        try:
            self.line.send(_ANSWERS)
        except OSError:  # gone before
            gone()
        else:
            loop.add_reader(self.line, ended)


@dataclass(frozen=True, slots=True)
class Program:
    """What each process runs: a command, followed by what `Inherited.read` takes, and settings."""

    command: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)


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
    program: Program, shared: socket.socket, count: int, answering: Callable[[], None]
) -> signal.Signals:
    """Keep so many processes until a signal ends them all; return which it was.

    `answering` is called once all of them do. A second signal kills them: what is under way is
    lost to its callers. SetupError if one can't be started at first; it has said why.
    """
    loop = asyncio.get_running_loop()
    told: asyncio.Future[signal.Signals] = loop.create_future()
    running: set[asyncio.subprocess.Process] = set()
    for one in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(one, _tell, told, running, one)
    started = [asyncio.Event() for _ in range(count)]
    places = [asyncio.ensure_future(_place(program, shared, one, running)) for one in started]
    announcing = asyncio.ensure_future(_announced(started, answering))
    try:
        awaited: list[asyncio.Future[Any]] = [told, *places]
        done, _ = await asyncio.wait(awaited, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (announcing, *places):
            task.cancel()
        await asyncio.gather(announcing, *places, return_exceptions=True)
    if told not in done:
        for failed in done:
            failed.result()
    return told.result()


def _tell(
    told: "asyncio.Future[signal.Signals]",
    running: Iterable[asyncio.subprocess.Process],
    one: signal.Signals,
) -> None:
    if not told.done():
        told.set_result(one)
        return
    for process in running:
        if process.returncode is None:
            process.kill()


async def _announced(started: Sequence[asyncio.Event], answering: Callable[[], None]) -> None:
    for one in started:
        await one.wait()
    answering()


async def _place(
    program: Program,
    shared: socket.socket,
    started: asyncio.Event,
    running: set[asyncio.subprocess.Process],
) -> None:
    """Have a process run here, again and again, until cancelled."""
    pause = _AGAIN_S
    while True:
        answered = await _run(program, shared, started, running)
        if not started.is_set():
            raise SetupError("a process that is to answer requests did not start")
        pause = _AGAIN_S if answered else min(2 * pause, _AGAIN_MOST_S)
        await asyncio.sleep(pause)


async def _run(
    program: Program,
    shared: socket.socket,
    started: asyncio.Event,
    running: set[asyncio.subprocess.Process],
) -> bool:
    """Run a process to its end, one of `running` meanwhile; return whether it ever answered."""
    ours, theirs = socket.socketpair()
    passed = (shared.fileno(), theirs.fileno())
    with ours, theirs:
        try:
            process = await asyncio.create_subprocess_exec(
                *program.command,
                ",".join(map(str, passed)),
                pass_fds=passed,
                env={**os.environ, **program.environment},
                start_new_session=True,  # Ctrl+C is the keeper's to pass on
            )
        except OSError as failed:  # no room for another: those that are there go on
            _LOG.warning("no process could be started: %s", failed.strerror)
            return False
        theirs.close()
        running.add(process)
        try:
            answered = await _answers(ours)
            if answered:
                started.set()
                await process.wait()
        finally:
            await _ended(process)
            running.discard(process)
    how = "ended" if answered else "never answered, and ended"
    _LOG.warning("process %d %s with %s", process.pid, how, process.returncode)
    return answered


async def _answers(line: socket.socket) -> bool:
    """Wait until the process at the other end answers requests; False if it won't."""
    line.setblocking(False)
    with suppress(TimeoutError):
        async with asyncio.timeout(_START_S):
            return await asyncio.get_running_loop().sock_recv(line, 1) == _ANSWERS
    return False


async def _ended(process: asyncio.subprocess.Process) -> None:
    """Let a process end what is under way, but not forever, nor once nobody waits for it."""
    if process.returncode is not None:
        return
    process.terminate()
    try:
        await asyncio.wait_for(process.wait(), _GRACE_S)
    except TimeoutError:
        pass
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
