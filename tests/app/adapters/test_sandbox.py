import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from app.adapters.fork_server import Limits
from app.adapters.sandbox import Reason, Sandbox, SandboxError
from tests.app.adapters import sandboxed as child
from tests.clock import leap

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
MB = 1 << 20
SMALL = Limits(memory_bytes=512 * MB, cpu_s=1, file_bytes=8 * MB)
LONG_S = 60.0


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    opened = Sandbox(2, SMALL)
    yield opened
    await opened.aclose()


async def failing(
    sandbox: Sandbox, function: Callable[..., object], *args: object, timeout_s: float = LONG_S
) -> SandboxError:
    with pytest.raises(SandboxError) as caught:
        await sandbox.run(function, *args, timeout_s=timeout_s)
    return caught.value


@pytest.mark.parametrize("value", [None, 1.5, "é", b"\0", [1, ("a", {"b": True})]])
async def test_plain_data_comes_back_as_it_was_made(sandbox: Sandbox, value: object) -> None:
    assert await sandbox.run(child.echo, value, timeout_s=LONG_S) == value


async def test_a_large_result_comes_back_whole(sandbox: Sandbox) -> None:
    text = "é" * (3 * MB)
    assert await sandbox.run(child.echo, text, timeout_s=LONG_S) == text


async def test_an_exception_is_told_by_its_name(sandbox: Sandbox) -> None:
    error = await failing(sandbox, child.fail, "what was missing")
    assert (error.reason, error.detail) == (Reason.RAISED, "KeyError: 'what was missing'")


async def test_even_leaving_python_is_an_error(sandbox: Sandbox) -> None:
    error = await failing(sandbox, child.quit_python)
    assert (error.reason, error.detail) == (Reason.RAISED, "SystemExit: ")


async def test_a_result_that_would_build_an_object_here_is_refused(sandbox: Sandbox) -> None:
    error = await failing(sandbox, child.instance)
    assert error.reason is Reason.RAISED
    assert "not plain data" in error.detail


async def test_a_result_above_the_file_limit_is_an_error(sandbox: Sandbox) -> None:
    error = await failing(sandbox, child.echo, "x" * (9 * MB))
    assert error.reason is Reason.RAISED


async def test_a_child_that_computes_too_long_hits_its_cpu_limit(sandbox: Sandbox) -> None:
    assert (await failing(sandbox, child.spin)).reason is Reason.CPU


@pytest.mark.parametrize("size", [1 << 30, 1 << 40])
async def test_a_child_that_wants_too_much_memory_is_refused_it(
    sandbox: Sandbox, size: int
) -> None:
    assert (await failing(sandbox, child.allocate, size)).reason is Reason.MEMORY


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        (signal.SIGSEGV, Reason.CRASHED),
        (signal.SIGILL, Reason.CRASHED),
        (signal.SIGABRT, Reason.MEMORY),
        (signal.SIGKILL, Reason.MEMORY),
        (signal.SIGXCPU, Reason.CPU),
    ],
)
async def test_a_deadly_signal_is_translated(
    sandbox: Sandbox, number: signal.Signals, reason: Reason
) -> None:
    assert (await failing(sandbox, child.kill_itself, number)).reason is reason


async def test_a_child_that_leaves_without_a_result_is_an_error(sandbox: Sandbox) -> None:
    assert (await failing(sandbox, child.leave, 0)).reason is Reason.RAISED
    assert (await failing(sandbox, child.leave, 77)).reason is Reason.CRASHED


async def test_nonsense_on_the_call_s_socket_harms_nobody(sandbox: Sandbox) -> None:
    assert await sandbox.run(child.write_nonsense, timeout_s=LONG_S) == 17


async def test_a_call_past_its_time_is_killed(sandbox: Sandbox, tmp_path: Path) -> None:
    call = asyncio.create_task(failing(sandbox, child.sleep_as, str(tmp_path / "pid")))
    pid = await child.written(tmp_path / "pid")
    leap(LONG_S)
    assert (await call).reason is Reason.TIMEOUT
    assert await child.gone(pid)


async def test_cancelling_the_caller_kills_the_child(sandbox: Sandbox, tmp_path: Path) -> None:
    path = tmp_path / "pid"
    call = asyncio.create_task(sandbox.run(child.sleep_as, str(path), timeout_s=LONG_S))
    pid = await child.written(path)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    assert await child.gone(pid)
    assert await sandbox.run(child.echo, "next", timeout_s=LONG_S) == "next"


async def test_cancelling_a_caller_that_waits_gives_its_turn_to_the_next(tmp_path: Path) -> None:
    sandbox = Sandbox(1)
    first = asyncio.create_task(
        sandbox.run(child.sleep_as, str(tmp_path / "pid"), timeout_s=LONG_S)
    )
    await child.written(tmp_path / "pid")
    second, third = (
        asyncio.create_task(sandbox.run(child.echo, n, timeout_s=LONG_S)) for n in (2, 3)
    )
    await asyncio.sleep(0)
    second.cancel()
    first.cancel()
    assert await third == 3
    await asyncio.gather(first, second, return_exceptions=True)
    await sandbox.aclose()


async def test_no_more_calls_run_at_once_than_allowed(tmp_path: Path) -> None:
    sandbox = Sandbox(2)
    paths = [tmp_path / str(number) for number in range(3)]
    calls = [
        asyncio.create_task(sandbox.run(child.sleep_as, str(path), timeout_s=LONG_S))
        for path in paths
    ]
    await child.written(paths[0])
    await child.written(paths[1])
    await asyncio.sleep(0.1)
    assert not paths[2].exists()
    calls[0].cancel()
    await child.written(paths[2])
    await sandbox.aclose()
    ended = await asyncio.gather(*calls, return_exceptions=True)
    assert [getattr(e, "reason", None) for e in ended] == [None, Reason.LOST, Reason.LOST]


async def test_closing_leaves_no_process_and_refuses_further_calls(tmp_path: Path) -> None:
    before = child.processes_below(os.getpid())
    sandbox = Sandbox(1)
    call = asyncio.create_task(sandbox.run(child.sleep_as, str(tmp_path / "pid"), timeout_s=LONG_S))
    pid = await child.written(tmp_path / "pid")
    assert pid in child.processes_below(os.getpid())
    await sandbox.aclose()
    with pytest.raises(SandboxError, match="lost"):
        await call
    assert await child.gone(pid)
    assert child.processes_below(os.getpid()) <= before
    assert (await failing(sandbox, child.echo, 1)).reason is Reason.LOST


async def test_the_fork_server_leaves_when_idle_and_comes_back() -> None:
    sandbox = Sandbox(1, idle_s=0.05)
    server = await sandbox.run(child.fork_server, timeout_s=LONG_S)
    assert await child.gone(server)
    assert await sandbox.run(child.echo, 2, timeout_s=LONG_S) == 2
    await sandbox.aclose()


async def test_a_fork_server_that_was_killed_loses_its_call_and_is_replaced(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    before = child.processes_below(os.getpid())
    path = tmp_path / "pid"
    call = asyncio.create_task(sandbox.run(child.sleep_as, str(path), timeout_s=LONG_S))
    pid = await child.written(path)
    (server,) = child.processes_below(os.getpid()) - before - {pid}
    os.kill(server, signal.SIGKILL)
    with pytest.raises(SandboxError, match="lost"):
        await call
    assert await child.gone(pid)
    assert await child.gone(server)
    assert await sandbox.run(child.echo, "again", timeout_s=LONG_S) == "again"


async def test_no_child_outlives_a_service_that_was_killed(tmp_path: Path) -> None:
    service = child.hold_a_child(tmp_path / "pid")
    pid = await child.written(tmp_path / "pid")
    family = child.processes_below(service.pid)
    assert pid in family
    service.kill()
    service.wait()
    assert [await child.gone(member) for member in family] == [True, True]


async def test_a_child_has_no_descriptor_and_no_secret_of_the_service(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EVA_SECRET", "s3cret")
    with child.open_socket() as held:
        os.set_inheritable(held.fileno(), True)
        found = await sandbox.run(child.surroundings, timeout_s=LONG_S)
    assert found["descriptors"] == [0, 1, 2, 3, 4]
    assert "EVA_SECRET" not in found["environment"]  # type: ignore[operator]


async def test_a_child_yields_to_the_service_and_dumps_no_core(sandbox: Sandbox) -> None:
    found = await sandbox.run(child.surroundings, timeout_s=LONG_S)
    assert found["niceness"] == min(os.nice(0) + 10, 19)
    assert (found["core"], found["file"]) == (0, 8 * MB)
    assert found["session"] != os.getsid(0)


async def test_progress_is_told_in_rising_order(sandbox: Sandbox) -> None:
    told: list[float] = []
    await sandbox.run(child.tell, timeout_s=LONG_S, on_progress=told.append)
    assert told == sorted(told)
    assert told[-1] == 1.0


def test_it_works_on_uvloop_too(tmp_path: Path) -> None:
    import uvloop  # noqa: PLC0415 - the other tests run on asyncio's own loop

    async def calls() -> tuple[object, Reason]:
        sandbox = Sandbox(2)
        result = await sandbox.run(child.echo, 1, timeout_s=LONG_S)
        late = await failing(sandbox, child.sleep_as, str(tmp_path / "pid"), timeout_s=0.5)
        call = asyncio.create_task(sandbox.run(child.echo, 1, timeout_s=LONG_S))
        await asyncio.sleep(0)
        call.cancel()
        await asyncio.gather(call, return_exceptions=True)
        await sandbox.aclose()
        return result, late.reason

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        assert runner.run(calls()) == (1, Reason.TIMEOUT)
