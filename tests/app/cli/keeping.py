"""A keeper of two small programs that tell who they are: `keeping.py`; `child`: one of them.

`busy`: those that it keeps never end what is under way, and it waits for them.
"""

import asyncio
import os
import signal
import sys
from functools import partial

import uvloop

from app.cli import processes
from app.cli.processes import Inherited, Program, keep, listening


def _say(line: str) -> None:
    """Write a line in one piece: others write beside it."""
    os.write(1, f"{line}\n".encode())


async def _child(given: str, *, busy: bool) -> None:
    keeper, gone = Inherited.read(given), asyncio.Event()
    stop = partial(_say, f"busy {os.getpid()}") if busy else gone.set
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop)

    async def who(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(str(os.getpid()).encode())
        writer.close()

    async with await asyncio.start_server(who, sock=keeper.listening):
        _say(f"child {os.getpid()}")
        keeper.answers(gone.set)
        await gone.wait()


async def _keeper(command: list[str]) -> None:
    with listening("127.0.0.1", 0) as shared:
        port = shared.getsockname()[1]
        told = await keep(Program(command), shared, 2, lambda: _say(f"all at {port}"))
    _say(f"told {told.name}")


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["child" | "busy-child" as what, given]:
            uvloop.run(_child(given, busy=what == "busy-child"))
        case ["busy"]:
            processes._GRACE_S = 3600.0
            uvloop.run(_keeper([sys.executable, "-m", "tests.app.cli.keeping", "busy-child"]))
        case ["failing"]:
            uvloop.run(_keeper([sys.executable, "-c", "raise SystemExit(3)"]))
        case _:
            uvloop.run(_keeper([sys.executable, "-m", "tests.app.cli.keeping", "child"]))
