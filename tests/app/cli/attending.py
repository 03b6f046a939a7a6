"""A first process that attends to a command: `attending.py COMMAND`."""

import ctypes
import fcntl
import os
import signal
import sys
import termios

from app.cli.first_process import attend

_PR_SET_CHILD_SUBREAPER = 36


def _say(line: str) -> None:
    os.write(1, f"{line}\n".encode())


def _leaving_an_orphan() -> None:
    ended, held = os.pipe()
    parent = os.fork()
    if parent == 0:
        orphan = os.fork()
        if orphan == 0:
            os.close(held)
            os.read(ended, 1)  # nothing, once the parent has died
            os._exit(0)
        _say(str(orphan))
        os._exit(0)
    os.close(held)
    os.waitpid(parent, 0)
    signal.pause()


def _listening() -> None:
    for one in (signal.SIGHUP, signal.SIGINT, signal.SIGUSR1):
        signal.signal(one, lambda number, _: _say(signal.Signals(number).name))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(3))
    _say("listening")
    while True:
        signal.pause()


def _waiting() -> None:
    _say("waiting")
    signal.pause()


COMMANDS = {"orphan": _leaving_an_orphan, "listening": _listening, "waiting": _waiting}

if __name__ == "__main__":
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1)  # as the first process is
    if os.isatty(0):
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    attend(COMMANDS[sys.argv[1]])
