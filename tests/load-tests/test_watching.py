"""What is seen of a server that is several processes."""

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

CHILD = "import sys; held = [open('/dev/null') for _ in range(50)]; print(0, flush=True); input()"
KEEPER = f"""import subprocess, sys
own = {{"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}}
two = [subprocess.Popen([sys.executable, "-c", {CHILD!r}], **own) for _ in range(2)]
for one in two:
    one.stdout.readline()
print(*(one.pid for one in two), flush=True)
input()
"""
LONG_S = 60


def test_files_and_threads_are_those_of_all_its_processes(
    script: Callable[[str], ModuleType],
) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", KEEPER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,  # whose input ends complains of it
        text=True,
    ) as keeper:
        assert keeper.stdout is not None
        pids = [keeper.pid, *map(int, keeper.stdout.readline().split())]
        open_files = sum(len(list(Path(f"/proc/{pid}/fd").iterdir())) for pid in pids)
        with script("watching").Watch(keeper.pid, every_s=0.01) as watch:
            until = time.monotonic() + LONG_S
            while not watch.samples and time.monotonic() < until:
                time.sleep(0.01)
        [seen, *_] = watch.shown()
    assert open_files > 100
    assert (seen["files"], seen["threads"]) == (open_files, 3)
    assert "tasks" not in seen
