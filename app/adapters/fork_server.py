"""The clean process that sandbox children are forked from, and what a child does.

It is started by `sandbox.Sandbox`, holds the parsers' libraries already imported, has one thread
and no socket, database handle or secret of the service. For each call it receives two file
descriptors: the call's socket and a file that carries the request in and the result out. It
forks, and when the child is gone writes how it ended to the call's socket. Whatever becomes
readable there, the end of the stream included, means: kill the child. So no child outlives the
caller, the service or this server.
"""

import contextlib
import ctypes
import fcntl
import gc
import importlib
import json
import os
import pickle
import resource
import select
import signal
import socket
import sys
from dataclasses import dataclass
from typing import NoReturn

OK, RAISED, NO_MEMORY = 0, 1, 2  # exit codes of a child
_CALL_FD, _FILE_FD = 3, 4  # what a child keeps, beside the standard streams
_NICENESS = 10
_PR_SET_PDEATHSIG = 1
_STEP = 0.01  # progress smaller than this is not worth a message

_call: socket.socket | None = None  # in a child: the way to its caller
_reported = 0.0


@dataclass(frozen=True, slots=True)
class Limits:
    """What one child may use. A macOS kernel does not enforce `memory_bytes`."""

    memory_bytes: int = 1536 << 20  # address space
    cpu_s: int = 60
    file_bytes: int = 256 << 20  # largest file it may write: its result


def report(fraction: float) -> None:
    """Tell the caller how much is done, 0..1; cheap, and nothing outside a sandbox."""
    global _reported  # noqa: PLW0603 - a child is one call
    if _call is None or fraction - _reported < _STEP:
        return
    _reported = fraction
    with contextlib.suppress(OSError):  # a caller that does not read loses progress only
        _call.send(b"p %.3f\n" % fraction, socket.MSG_DONTWAIT)


def serve(control_fd: int, limits: str, preload: str) -> None:
    """Fork a child for each call that comes in until the control socket ends."""
    for number in (signal.SIGTERM, signal.SIGINT):  # the end of the control socket is the order
        signal.signal(number, signal.SIG_IGN)
    os.nice(_NICENESS)
    for name in json.loads(preload):
        importlib.import_module(name)
    gc.collect()
    gc.freeze()  # shared pages stay shared
    with socket.socket(fileno=control_fd) as control:
        _Server(control, Limits(**json.loads(limits))).run()


class _Server:
    def __init__(self, control: socket.socket, limits: Limits) -> None:
        self._control = control
        self._limits = limits
        self._calls: dict[int, tuple[int, socket.socket]] = {}  # by descriptor: pid and socket
        self._poller = select.poll()
        self._poller.register(control, select.POLLIN)
        self._ended, ended = os.pipe()
        for end in (self._ended, ended):
            os.set_blocking(end, False)
        self._poller.register(self._ended, select.POLLIN)
        signal.set_wakeup_fd(ended)
        signal.signal(signal.SIGCHLD, lambda *_: None)

    def run(self) -> None:
        while True:
            for descriptor, _ in self._poller.poll():
                if descriptor == self._control.fileno():
                    if not self._accept():
                        return
                elif descriptor == self._ended:
                    os.read(self._ended, 4096)
                    self._reap()
                elif descriptor in self._calls:
                    self._poller.unregister(descriptor)
                    os.kill(self._calls[descriptor][0], signal.SIGKILL)

    def _accept(self) -> bool:
        message, descriptors, _, _ = socket.recv_fds(self._control, 1, 2)
        if not message:
            for pid, _ in self._calls.values():
                os.kill(pid, signal.SIGKILL)
            return False
        call = socket.socket(fileno=descriptors[0])
        try:
            pid = os.fork()
        except OSError as error:
            call.send(b"f %d\n" % (error.errno or 0))
            call.close()
        else:
            if pid == 0:
                _child(descriptors, self._limits)
            self._calls[call.fileno()] = (pid, call)
            self._poller.register(call, select.POLLIN)
        os.close(descriptors[1])
        return True

    def _reap(self) -> None:
        for descriptor, (pid, call) in list(self._calls.items()):
            ended, status = os.waitpid(pid, os.WNOHANG)
            if not ended:
                continue
            del self._calls[descriptor]
            with contextlib.suppress(KeyError):
                self._poller.unregister(descriptor)
            with call, contextlib.suppress(OSError):  # the caller may be gone
                call.send(b"x %d\n" % os.waitstatus_to_exitcode(status), socket.MSG_DONTWAIT)


def _child(descriptors: list[int], limits: Limits) -> NoReturn:
    code = RAISED
    try:
        server = os.getppid()
        _shed(descriptors)
        _confine(limits, server)
        code = _answer()
    except MemoryError:
        code = NO_MEMORY
    finally:
        os._exit(code)


def _shed(descriptors: list[int]) -> None:
    """Keep the call, its file and the standard streams; close everything else."""
    global _call  # noqa: PLW0603 - a child is one call
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    high = [fcntl.fcntl(d, fcntl.F_DUPFD, _FILE_FD + 1) for d in descriptors]
    os.dup2(high[0], _CALL_FD)
    os.dup2(high[1], _FILE_FD)
    os.dup2(0, 2)  # what parsers print may quote the document
    for name in os.listdir("/dev/fd"):  # noqa: PTH208 - a pseudo folder of descriptors
        if int(name) > _FILE_FD:
            with contextlib.suppress(OSError):  # the listing's own descriptor
                os.close(int(name))
    _call = socket.socket(fileno=_CALL_FD)


def _confine(limits: Limits, server: int) -> None:
    for kind, value in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_AS, limits.memory_bytes),
        (resource.RLIMIT_CPU, limits.cpu_s),
        (resource.RLIMIT_FSIZE, limits.file_bytes),
    ):
        hard = resource.getrlimit(kind)[1]
        lowest = value if hard == resource.RLIM_INFINITY else min(value, hard)
        with contextlib.suppress(ValueError, OSError):  # macOS: no limit on address space
            resource.setrlimit(kind, (lowest, lowest + (kind == resource.RLIMIT_CPU)))
    if sys.platform == "linux":
        with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w") as score:  # noqa: PTH123
            score.write("500")  # before the service, if memory runs out
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != server:  # it died before we asked to be told
            os._exit(RAISED)


def _answer() -> int:
    with os.fdopen(_FILE_FD, "r+b") as file:
        try:
            function, args = pickle.load(file)  # noqa: S301 - our own service wrote it  # nosec B301
            outcome, code = function(*args), OK
        except BaseException as error:  # told to the caller, a panic in Rust included
            if isinstance(error, MemoryError):
                raise
            outcome, code = f"{type(error).__name__}: {error}"[:2000], RAISED
        file.seek(0)
        file.truncate()
        pickle.dump(outcome, file, pickle.HIGHEST_PROTOCOL)
    return code
