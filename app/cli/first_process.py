"""What falls to the first process of a container, beside the command that it was started for.

A process whose parent has died becomes its child, and what is left of it when it ends stays until
somebody waits for it. And a signal that the first process has no handler for yet, as SIGTERM while
a command starts, does not reach it at all. So the command runs in a child, like anywhere else.
"""

import os
import signal
from collections.abc import Callable

_PASSED_ON = {
    *(signal.SIGHUP, signal.SIGINT, signal.SIGQUIT),
    *(signal.SIGTERM, signal.SIGUSR1, signal.SIGUSR2),
}
_OF_A_TERMINAL = 0x80  # SI_KERNEL: Ctrl+C, which every process in front of it gets
_BY_SIGNAL = 128  # added to a signal's number, as shells and engines tell of it


def attend(command: Callable[[], None]) -> None:
    """Run a command in a child, pass signals on to it and end as it does; wait for orphans.

    Returns in the child only. It is to be called before there is any thread.
    """
    awaited = {*_PASSED_ON, signal.SIGCHLD}
    before = signal.pthread_sigmask(signal.SIG_BLOCK, awaited)
    child = os.fork()
    if child == 0:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        command()
        return
    while (code := _ended(child)) is None:
        told = signal.sigwaitinfo(awaited)
        if told.si_signo in _PASSED_ON and told.si_code != _OF_A_TERMINAL:
            os.kill(child, told.si_signo)
    raise SystemExit(code)


def _ended(child: int) -> int | None:
    """Wait for all that have ended; return the exit code of the child once it has."""
    while True:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if pid == child:
            code = os.waitstatus_to_exitcode(status)
            return code if code >= 0 else _BY_SIGNAL - code
        if pid == 0:
            return None
