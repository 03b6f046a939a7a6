"""Runs a function in a process of its own that can be limited and killed.

A fork server (see `fork_server`) makes a child for each call in about a millisecond. The sandbox
bounds what a call uses and how long it takes; it does not hide the file system from it.
"""

import asyncio
import json
import os
import pickle
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict
from enum import StrEnum
from typing import IO, Any, NoReturn, TypeVar

from app.adapters.fork_server import NO_MEMORY, OK, RAISED, Limits

T = TypeVar("T")
Progress = Callable[[float], None]

_START = """import sys
sys.path[:] = {path!r}
from app.adapters.fork_server import serve
serve({fd}, *sys.argv[1:])
"""
# Nothing else of the environment goes in: it holds secrets.
_ENVIRONMENT = ("PATH", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR", "LD_LIBRARY_PATH")
# One thread, one heap arena: a parser's pool would multiply the address space by the number of
# processors. And a child keeps the memory that it frees: it is over soon, and asking the kernel
# for it anew for each page of a PDF costs a tenth of the time.
_TUNING = {
    "MALLOC_ARENA_MAX": "1",
    "MALLOC_MMAP_THRESHOLD_": str(32 << 20),
    "MALLOC_TRIM_THRESHOLD_": str(256 << 20),
    "MALLOC_TOP_PAD_": str(16 << 20),
    "TOKIO_WORKER_THREADS": "1",
    "RAYON_NUM_THREADS": "1",
}
_GRACE_S = 5.0


class Reason(StrEnum):
    """Why a call has no result."""

    RAISED = "raised"  # the function raised; the detail names the exception
    TIMEOUT = "timeout"  # wall clock
    CPU = "cpu-limit"
    MEMORY = "memory-limit"
    CRASHED = "crashed"  # by a signal that says nothing else
    LOST = "lost"  # the sandbox itself failed or was closed: the function is not to blame


class SandboxError(Exception):
    """A call ended without a result."""

    def __init__(self, reason: Reason, detail: str = "") -> None:
        super().__init__(f"{reason.value}: {detail}" if detail else reason.value)
        self.reason = reason
        self.detail = detail


class Sandbox:
    """Runs calls, at most `concurrency` at a time; further callers wait their turn.

    `preload` are modules that the fork server imports once; they must start no thread. The
    server starts with the first call and leaves after `idle_s` without one.
    """

    def __init__(
        self,
        concurrency: int | None = None,
        limits: Limits | None = None,
        *,
        preload: Sequence[str] = (),
        idle_s: float = 30.0,
    ) -> None:
        self._slots = asyncio.Semaphore(concurrency or max(1, (os.cpu_count() or 2) - 1))
        self._limits = limits or Limits()
        self._preload = tuple(preload)
        self._idle_s = idle_s
        self._server: tuple[subprocess.Popen[bytes], socket.socket] | None = None
        self._ending: set[asyncio.Future[None]] = set()
        self._running = 0
        self._idle: asyncio.TimerHandle | None = None
        self._closed = False

    async def run(
        self,
        function: Callable[..., T],
        *args: object,
        timeout_s: float,
        on_progress: Progress | None = None,
    ) -> T:
        """Return `function(*args)`, computed in a child; raises SandboxError.

        The function is a picklable one of a module's top level; its result is plain data (no
        instance of any class). `on_progress` is told on the event loop what it `report`s.
        """
        async with self._slots:
            self._begin()
            try:
                with tempfile.TemporaryFile() as file:
                    await asyncio.to_thread(_write, file, (function, args))
                    code = await self._call(file, timeout_s, on_progress)
                    if code not in (OK, RAISED):
                        raise SandboxError(_DEATHS.get(code, Reason.CRASHED), f"exit {code}")
                    outcome = await asyncio.to_thread(_read, file)
            finally:
                self._end()
        if code == RAISED:
            raise SandboxError(Reason.RAISED, str(outcome))
        return outcome  # type: ignore[no-any-return]  # what the function returned

    async def aclose(self) -> None:
        """End every call and process; calls that were running or waiting get LOST."""
        self._closed = True
        if self._idle is not None:
            self._idle.cancel()
        self._dismiss()
        if self._ending:
            await asyncio.wait(self._ending)

    def _begin(self) -> None:
        self._running += 1
        if self._idle is not None:
            self._idle.cancel()
            self._idle = None

    def _end(self) -> None:
        self._running -= 1
        if not self._running and not self._closed:
            self._idle = asyncio.get_running_loop().call_later(self._idle_s, self._dismiss)

    async def _call(self, file: IO[bytes], timeout_s: float, on_progress: Progress | None) -> int:
        ours, theirs = socket.socketpair()
        try:
            with theirs:
                socket.send_fds(self._control(), [b"c"], [theirs.fileno(), file.fileno()])
            reader, writer = await asyncio.open_connection(sock=ours)
        except BaseException as error:
            ours.close()
            if isinstance(error, OSError):
                raise SandboxError(Reason.LOST, "the fork server does not answer") from error
            raise
        try:
            async with asyncio.timeout(timeout_s):
                return await _watch(reader, on_progress)
        except TimeoutError:
            writer.write(b"k")
            await _watch(reader, None)  # it is gone when this returns
            raise SandboxError(Reason.TIMEOUT, f"after {timeout_s:g} s") from None
        finally:
            writer.transport.abort()  # the end of the stream kills a child that is left

    def _control(self) -> socket.socket:
        if self._closed:
            raise SandboxError(Reason.LOST, "the sandbox is closed")
        if self._server is not None and self._server[0].poll() is not None:
            self._dismiss()
        if self._server is None:
            self._server = _start(self._limits, self._preload)
        return self._server[1]

    def _dismiss(self) -> None:
        """Let the fork server go: the end of its control socket ends it and its children."""
        if self._server is None:
            return
        process, control = self._server
        self._server = None
        control.close()
        waiting = asyncio.ensure_future(asyncio.to_thread(_await_exit, process))
        self._ending.add(waiting)
        waiting.add_done_callback(self._ending.discard)


def _start(limits: Limits, preload: Sequence[str]) -> tuple[subprocess.Popen[bytes], socket.socket]:
    ours, theirs = socket.socketpair()
    path = [os.path.abspath(entry) for entry in sys.path]  # noqa: PTH100 - "" is the working folder
    environment = {n: os.environ[n] for n in _ENVIRONMENT if n in os.environ} | _TUNING
    with theirs:
        process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
            [
                *(sys.executable, "-IB", "-c", _START.format(path=path, fd=theirs.fileno())),
                *(json.dumps(asdict(limits)), json.dumps(preload)),
            ],
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C is for the service
            env=environment,
            cwd="/",
        )
    return process, ours


def _await_exit(process: subprocess.Popen[bytes]) -> None:
    try:
        process.wait(_GRACE_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


async def _watch(reader: asyncio.StreamReader, on_progress: Progress | None) -> int:
    """Return the child's exit code; negative is a signal."""
    while line := await reader.readline():
        with suppress(ValueError):  # a child that writes nonsense harms itself only
            match line.split():
                case [b"x", code]:
                    return int(code)
                case [b"p", fraction] if on_progress is not None:
                    on_progress(min(1.0, max(0.0, float(fraction))))
                case [b"f", errno]:
                    raise SandboxError(Reason.LOST, os.strerror(int(errno)))
                case _:
                    continue
    raise SandboxError(Reason.LOST, "the fork server ended")


# An allocator that is refused aborts, and the kernel kills when memory runs out.
_DEATHS = dict.fromkeys((NO_MEMORY, -signal.SIGABRT, -signal.SIGKILL), Reason.MEMORY)
_DEATHS[-signal.SIGXCPU] = Reason.CPU


class _PlainData(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> NoReturn:
        """Refuse every class: a child that was taken over may not run code here."""
        raise pickle.UnpicklingError(f"{module}.{name} is not plain data")


def _write(file: IO[bytes], request: object) -> None:
    pickle.dump(request, file, pickle.HIGHEST_PROTOCOL)
    file.seek(0)


def _read(file: IO[bytes]) -> Any:  # noqa: ANN401 - whatever the function returned
    file.seek(0)
    try:
        return _PlainData(file).load()
    except (pickle.UnpicklingError, EOFError, ValueError, IndexError) as error:
        raise SandboxError(Reason.RAISED, f"unreadable result: {error}") from error
