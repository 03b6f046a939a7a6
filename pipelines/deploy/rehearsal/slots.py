"""Two slots on this machine, each a real process of the service, and a switch before them."""

import asyncio
import contextlib
import os
import re
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import AsyncExitStack
from pathlib import Path

from pipelines.deploy.model import Build, DeploymentFailedError
from pipelines.deploy.rehearsal.front import Fault, Front, serving

CRASHES = "crashes"
_PORTS = range(20_000, 32_000)  # below those that systems give out
_LOOKS = 600  # for the key that is shown, in a minute
# What is wrong with each artifact of the rehearsal. What crashes is the service itself, given a
# setting that it refuses.
FAULTS: Mapping[str, Fault] = {
    "good": Fault(),
    CRASHES: Fault(),
    "slow": Fault(delay_s=2.5),
    "erring": Fault(error_rate=0.05),
}


class Slot:
    """One process of the service, and the fault that its build has."""

    def __init__(self, folder: Path, build: Build) -> None:
        self._log = folder / f"{build.name}.log"
        self._stack = AsyncExitStack()
        self._port = _free_port()
        self.url = f"http://127.0.0.1:{self._port}"
        worker = "off" if build.artifact == CRASHES else "on"
        settings = {
            "EVA_DATA_DIR": str(folder / "data"),
            "EVA_PORT": "no-port" if build.artifact == CRASHES else str(self._port),
            "EVA_BUILD": build.name,
            "EVA_LOG_LEVEL": "warning",
            "EVA_WORKER": worker,
            "EVA_SHED_AFTER_MS": "0",  # what a busy machine turns away isn't lost by a swap
            "NO_COLOR": "1",
        }
        inherited = {name: v for name, v in os.environ.items() if not name.startswith("EVA_")}
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "app.cli", "serve"],
                env=inherited | settings,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    async def spoil(self, fault: Fault) -> None:
        """Put the build's fault before the process."""
        inner = self.url
        front = Front(lambda: inner, fault)
        self._stack.push_async_callback(front.close)
        self.url = await self._stack.enter_async_context(serving(front))

    async def stop(self) -> None:
        """End the process, the requests that it still answers first."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                await asyncio.to_thread(self._process.wait, 20)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        await self._stack.aclose()

    def said(self) -> str:
        """Return what the process wrote."""
        return self._log.read_text(encoding="utf-8")


class Slots:
    """`Host`: production and staging here, on the same data, as they share a database elsewhere."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._production: Slot | None = None
        self._staging: Slot | None = None
        self.switch = Front(lambda: self._of(self._production))
        self.production_url = ""
        self.swapped = list[float]()  # when, in monotonic seconds

    @property
    def staging_url(self) -> str:
        """Return where the staging slot answers."""
        return self._of(self._staging)

    async def deploy(self, build: Build) -> None:
        """Stop what was staged, start this build in its place."""
        if self._staging is not None:
            await self._staging.stop()
        self._staging = Slot(self._folder, build)
        if FAULTS[build.artifact] != Fault():
            await self._staging.spoil(FAULTS[build.artifact])

    async def swap(self) -> None:
        """Exchange the slots: requests under way end where they began."""
        if self._staging is None:
            raise DeploymentFailedError("nothing is staged")
        self.swapped.append(time.monotonic())
        self._production, self._staging = self._staging, self._production

    async def key(self) -> str:
        """Return the administrator's key, which the first process shows soon after it answers."""
        for _ in range(_LOOKS):
            for log in self._folder.glob("*.log"):
                if found := re.search(r"EVA_API_KEY=(\S+)", log.read_text(encoding="utf-8")):
                    return found.group(1)
            await asyncio.sleep(0.1)
        raise DeploymentFailedError("no process showed a key")

    async def close(self) -> None:
        """Stop what runs in both slots, and the switch."""
        await self.switch.close()
        for slot in (self._production, self._staging):
            if slot is not None:
                await slot.stop()

    def _of(self, slot: Slot | None) -> str:
        return slot.url if slot else "http://127.0.0.1:9"  # the discard port: nobody answers


def _free_port() -> int:
    """Return a port that nobody listens on, and that nobody gets who asks for any."""
    while True:
        port = secrets.choice(_PORTS)
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port
