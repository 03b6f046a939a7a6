"""What the first process of a container does for the command in it."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.app.adapters.sandboxed import processes_below
from tests.app.cli.running import without_settings
from tests.app.cli.serving import STOP_S

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="first processes are of Linux")


@contextmanager
def attending(
    command: str, terminal: int = subprocess.DEVNULL
) -> Iterator["subprocess.Popen[str]"]:
    with subprocess.Popen(
        [sys.executable, "-m", "tests.app.cli.attending", command],
        stdin=terminal,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            yield process
        finally:
            for one in processes_below(process.pid):
                os.kill(one, signal.SIGKILL)


def line(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def nothing_left(pid: int) -> bool:
    until = time.monotonic() + STOP_S
    while (there := Path(f"/proc/{pid}").exists()) and time.monotonic() < until:
        time.sleep(0.01)
    return not there


def test_nothing_is_left_of_a_process_whose_parent_died() -> None:
    with attending("orphan") as process:
        assert nothing_left(int(line(process)))
        assert process.poll() is None


def test_signals_are_the_commands_and_it_ends_as_that_does() -> None:
    with attending("listening") as process:
        assert line(process) == "listening"
        for told in (signal.SIGHUP, signal.SIGINT, signal.SIGUSR1):
            process.send_signal(told)
            assert line(process) == told.name
        process.terminate()
        assert process.wait(STOP_S) == 3


def test_ctrl_c_on_a_terminal_reaches_the_command_once() -> None:
    keyboard, terminal = os.openpty()
    try:
        with attending("listening", terminal) as process:
            assert line(process) == "listening"
            os.write(keyboard, b"\x03")
            assert line(process) == "SIGINT"
            process.send_signal(signal.SIGUSR1)
            assert line(process) == "SIGUSR1"
    finally:
        os.close(keyboard)
        os.close(terminal)


def test_a_command_that_a_signal_ended_is_told_as_a_shell_does() -> None:
    with attending("waiting") as process:
        assert line(process) == "waiting"
        process.terminate()
        assert process.wait(STOP_S) == 128 + signal.SIGTERM


def test_eva_runs_its_command_in_a_child_where_it_is_the_first_process(tmp_path: Path) -> None:
    apart = ["unshare", "--pid", "--fork", "--kill-child"]
    if subprocess.run([*apart, "true"], check=False, capture_output=True).returncode:
        pytest.skip("MAY NOT UNSHARE: eva as the first of all processes was NOT RUN")
    with subprocess.Popen(
        [*apart, sys.executable, "-m", "app.cli", "worker"],
        env={**without_settings(), "EVA_DATA_DIR": str(tmp_path)},
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stderr is not None
            assert "Ctrl+C stops" in process.stderr.readline()
            family = processes_below(process.pid)
            [first] = [one for one in family if processes_below(one)]
            [command] = family - {first}
            os.kill(command, signal.SIGKILL)
            assert process.wait(STOP_S) == 128 + signal.SIGKILL
        finally:
            process.kill()
