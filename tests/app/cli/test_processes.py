"""Several processes answer at one address, whatever becomes of any of them."""

import asyncio
import errno
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from app.cli import processes
from app.cli.processes import listening
from app.core.errors import SetupError
from tests.app.cli.running import Eva
from tests.app.cli.serving import STOP_S
from tests.app.test_settings import ON_AZURE


@dataclass
class Kept:
    process: "subprocess.Popen[str]"
    port: int
    children: set[int]

    def line(self) -> list[str]:
        assert self.process.stdout is not None
        return self.process.stdout.readline().split()

    def another(self) -> int:
        """Wait for one more to start; return who it is."""
        word, pid = self.line()
        assert (word, int(pid) in self.children) == ("child", False)
        return int(pid)

    def who(self) -> int:
        """Ask whoever answers who it is; empty answers are of one that is gone."""
        with socket.create_connection(("127.0.0.1", self.port), STOP_S) as asking:
            return int(asking.recv(100) or 0)


@contextmanager
def kept(*arguments: str) -> Iterator["subprocess.Popen[str]"]:
    with subprocess.Popen(
        [sys.executable, "-m", "tests.app.cli.keeping", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()  # whoever it still keeps ends by that


@contextmanager
def announced(*arguments: str) -> Iterator[Kept]:
    with kept(*arguments) as process:
        made = Kept(process, 0, set())
        while not made.port:
            word, *rest = made.line()
            if word == "child":
                made.children.add(int(rest[0]))
            else:
                made.port = int(rest[-1])
        yield made


@pytest.fixture
def two() -> Iterator[Kept]:
    with announced() as made:
        yield made


def runs(pid: int) -> bool:
    """Whether a process is there, not only what is left of it."""
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


def end(pids: set[int]) -> bool:
    until = time.monotonic() + STOP_S
    while any(runs(pid) for pid in pids) and time.monotonic() < until:
        time.sleep(0.02)
    return not any(runs(pid) for pid in pids)


def test_where_it_answers_is_said_once_all_do(two: Kept) -> None:
    assert len(two.children) == 2
    assert two.who() in two.children


def test_one_that_is_killed_is_missed_by_nobody_and_replaced(two: Kept) -> None:
    first, second = two.children
    os.kill(first, signal.SIGKILL)
    assert end({first})
    answered, other = two.who(), two.another()
    assert answered in (second, other)
    os.kill(second, signal.SIGKILL)
    assert end({second})
    assert two.who() in (other, two.another())


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_who_ends_the_keeper_ends_all(two: Kept, stop: signal.Signals) -> None:
    two.process.send_signal(stop)
    assert two.line() == ["told", stop.name]
    assert two.process.wait(STOP_S) == 0
    assert end(two.children)


@pytest.mark.parametrize("again", [signal.SIGTERM, signal.SIGINT])
def test_who_ends_the_keeper_twice_waits_for_nothing(again: signal.Signals) -> None:
    with announced("busy") as two:
        two.process.send_signal(signal.SIGTERM)
        busy = [two.line(), two.line()]
        assert {int(pid) for word, pid in busy if word == "busy"} == two.children
        assert all(runs(child) for child in two.children)
        two.process.send_signal(again)
        assert two.line() == ["told", "SIGTERM"]
        assert two.process.wait(STOP_S) == 0
        assert end(two.children)


def test_a_keeper_that_is_killed_leaves_nobody_behind(two: Kept) -> None:
    two.process.kill()
    assert end(two.children)


def test_a_first_start_that_fails_is_told_and_not_tried_forever() -> None:
    with kept("failing") as process:
        _, said = process.communicate(timeout=STOP_S)
    assert process.returncode == 1
    assert "SetupError: a process that is to answer requests did not start" in said


async def test_one_that_never_answers_has_not_started(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "_START_S", 0.2)
    hanging = processes.Program([sys.executable, "-c", "import time; time.sleep(60)"])
    with listening("127.0.0.1", 0) as shared, pytest.raises(SetupError, match="did not start"):
        await processes.keep(hanging, shared, 2, pytest.fail)


async def test_without_room_for_another_those_that_answer_go_on(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(processes, "_AGAIN_S", 0.05)
    begun: list[asyncio.subprocess.Process] = []
    all_answer, another = asyncio.Event(), asyncio.Event()
    spawn, room = asyncio.create_subprocess_exec, iter((True, True, False))

    async def crowded(*command: str, **how: Any) -> asyncio.subprocess.Process:
        if not next(room, True):
            raise OSError(errno.ENOMEM, "no room")
        begun.append(await spawn(*command, **how))
        if len(begun) == 3:
            another.set()
        return begun[-1]

    monkeypatch.setattr(asyncio, "create_subprocess_exec", crowded)
    child = processes.Program([sys.executable, "-m", "tests.app.cli.keeping", "child"])
    with listening("127.0.0.1", 0) as shared:
        keeping = asyncio.ensure_future(processes.keep(child, shared, 2, all_answer.set))
        async with asyncio.timeout(STOP_S):
            await all_answer.wait()
            begun[0].kill()
            await another.wait()
        assert begun[1].returncode is None
        assert "no process could be started: no room" in caplog.text
        os.kill(os.getpid(), signal.SIGTERM)
        assert await keeping is signal.SIGTERM
    assert {one.returncode for one in begun} <= {0, -signal.SIGTERM, -signal.SIGKILL}


@pytest.mark.parametrize(("grace_s", "times"), [(0.2, 1), (3600.0, 2)])
async def test_one_that_does_not_end_is_killed(
    monkeypatch: pytest.MonkeyPatch, grace_s: float, times: int
) -> None:
    monkeypatch.setattr(processes, "_GRACE_S", grace_s)
    text = "import signal, sys, time, socket; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
    text += "socket.socket(fileno=int(sys.argv[1].split(',')[1])).send(b'+'); time.sleep(60)"
    answers = asyncio.Event()
    with listening("127.0.0.1", 0) as shared:
        stubborn = processes.Program([sys.executable, "-c", text])
        keeping = asyncio.ensure_future(processes.keep(stubborn, shared, 1, answers.set))
        async with asyncio.timeout(STOP_S):
            await answers.wait()
            for _ in range(times):
                os.kill(os.getpid(), signal.SIGTERM)
            assert await keeping is signal.SIGTERM


def test_an_address_that_is_taken_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(SetupError, match=f"can't listen at 127.0.0.1:{port}: Address already"):
            listening("127.0.0.1", port)


def test_a_data_folder_is_served_by_one_process(eva: Eva) -> None:
    refused = eva("serve", "--processes", "2")
    assert refused.code == 1
    assert "EVA_PROCESSES: a data folder is served by one process" in refused.err


def test_a_port_for_metrics_is_of_one_process(eva: Eva) -> None:
    refused = eva("serve", EVA_PROCESSES="2", EVA_METRICS_PORT="9464", **ON_AZURE)
    assert refused.code == 1
    assert "EVA_METRICS_PORT is one process's" in refused.err
