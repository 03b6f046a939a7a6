"""The service with everything it starts, as a process to be killed and started again."""

import asyncio
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import httpx2

from tests.peers.programs import free_port

API = "/api/v1"

START_S = 60.0  # on a loaded machine; a service that does not start at all is what it tells


class Service:
    """`eva serve` on one data folder and one port, over as many lives as it takes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._port = free_port()
        self.url = f"http://127.0.0.1:{self._port}"
        self._log = folder.with_name("service.log")
        self._process: subprocess.Popen[bytes] | None = None

    async def start(self) -> None:
        """Start it and wait until it answers."""
        inherited = {name: v for name, v in os.environ.items() if not name.startswith("EVA_")}
        own = {"EVA_DATA_DIR": str(self.folder), "EVA_PORT": str(self._port)}
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: ASYNC220 - takes a few milliseconds
                [sys.executable, "-m", "app.cli", "serve"],
                env=inherited | own | {"EVA_LOG_LEVEL": "warning", "NO_COLOR": "1"},
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        async with asyncio.timeout(START_S), httpx2.AsyncClient(timeout=START_S) as http:
            while not await self._answers(http):
                assert self._process.poll() is None, self.said()
                await asyncio.sleep(0.02)

    async def _answers(self, http: httpx2.AsyncClient) -> bool:
        try:
            return (await http.get(f"{self.url}/livez")).status_code == 200
        except httpx2.TransportError:
            return False

    def kill(self) -> None:
        """Kill the whole process group, without warning."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """Ask it to stop, and wait for that."""
        self._end(signal.SIGTERM)

    def _end(self, how: signal.Signals) -> None:
        if self._process is not None and self._process.poll() is None:
            os.killpg(self._process.pid, how)
            self._process.wait(timeout=60)

    def said(self) -> str:
        """What it wrote on its outputs, over all its lives."""
        return self._log.read_text()

    async def first_key(self) -> str:
        """The administrator's key, shown on the first start alone, once the service answers."""
        found: list[str] = []
        async with asyncio.timeout(START_S):
            while not found:
                await asyncio.sleep(0.02)
                found = re.findall(r"EVA_API_KEY=(eva_\w+)", self.said())
        assert len(found) == 1, "the first start, and only it, shows one key"
        return str(found[0])

    def survivors(self) -> list[str]:
        """The processes that still run on this data folder (Linux)."""
        mark = f"EVA_DATA_DIR={self.folder}\0".encode()
        found = []
        for process in Path("/proc").glob("[0-9]*"):
            try:
                if mark in (process / "environ").read_bytes() + b"\0":
                    found.append(f"{process.name}: {(process / 'cmdline').read_bytes()!r}")
            except OSError:
                continue  # it ended meanwhile, or is another user's
        return found
