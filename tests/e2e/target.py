"""What the end-to-end tests run against: a service of their own, or any base URL.

Of the service they know HTTP. `EVA_E2E_URL` and `EVA_E2E_KEY` (an administrator's key) name one
that runs; `EVA_E2E_OTHER_TOKEN` is an access token of another tenant. Without them a service with
the embedded backend is started, with an issuer of access tokens beside it.
"""

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest

from tests.peers.programs import free_port

API = "/api/v1"
_START_S = 60.0
_OTHERS = "elsewhere"  # the tenant, in the issuer's words


@dataclass(frozen=True, slots=True)
class Target:
    """A service, who may do everything in one tenant of it, and in another one."""

    url: str
    key: str
    other_token: str | None
    process: "Process | None" = None

    def admin(self) -> httpx2.AsyncClient:
        """Return an administrator's client."""
        return self.client({"X-API-Key": self.key})

    def client(self, headers: Mapping[str, str]) -> httpx2.AsyncClient:
        """Return a client that sends these headers."""
        return httpx2.AsyncClient(base_url=self.url + API, headers=headers, timeout=60)

    def another_tenant(self) -> httpx2.AsyncClient:
        """Return the client of an administrator elsewhere."""
        if self.other_token is None:
            pytest.skip("NOT RUN: EVA_E2E_OTHER_TOKEN names no one in another tenant")
        return self.client({"Authorization": f"Bearer {self.other_token}"})

    def own(self) -> "Process":
        """Return the process, to be done violence to."""
        if self.process is None:
            pytest.skip("NOT RUN: the process behind EVA_E2E_URL is not ours to stop")
        return self.process


class Process:
    """`eva serve`, to be stopped, frozen and started again on the same data."""

    def __init__(self, folder: Path, settings: Mapping[str, str]) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._log = folder / "service.log"
        self._command = [sys.executable, "-m", "app.cli", "serve"]
        self._settings = {
            "EVA_DATA_DIR": str(folder / "data"),
            "EVA_PORT": str(self.port),
            "EVA_LOG_LEVEL": "warning",
            "NO_COLOR": "1",
            **settings,
        }
        self._running: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, without waiting."""
        with self._log.open("ab") as log:
            self._running = subprocess.Popen(
                self._command,
                env=clean() | self._settings,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    async def ready(self) -> None:
        """Return once it can work."""
        await answering(f"{self.url}/readyz", self.said)

    def kill(self) -> None:
        """End it and all that it started, without warning."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """Ask it to end, and wait for that."""
        self._end(signal.SIGTERM)

    @contextlib.contextmanager
    def frozen(self) -> Iterator[None]:
        """Let it answer nobody for a while; its connections stay open."""
        assert self._running is not None
        os.killpg(self._running.pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.killpg(self._running.pid, signal.SIGCONT)

    def said(self) -> str:
        """Return what it wrote."""
        return self._log.read_text()

    async def first_key(self) -> str:
        """Return the administrator's key, shown on the first start alone, once it answers."""
        for _ in range(int(_START_S / 0.02)):
            if (mark := self.said().find("EVA_API_KEY=")) >= 0:
                return self.said()[mark:].partition("=")[2].split()[0]
            await asyncio.sleep(0.02)
        raise AssertionError(f"no key was shown: {self.said()}")

    def _end(self, how: signal.Signals) -> None:
        if self._running is not None and self._running.poll() is None:
            os.killpg(self._running.pid, how)
            self._running.wait(timeout=60)


def clean() -> dict[str, str]:
    """Return the environment without settings of the service."""
    return {name: value for name, value in os.environ.items() if not name.startswith("EVA_")}


async def answering(url: str, said: object) -> None:
    """Return once a GET is answered 200."""
    async with httpx2.AsyncClient(timeout=60) as http:
        for _ in range(int(_START_S / 0.05)):
            with contextlib.suppress(httpx2.TransportError):
                if (await http.get(url)).status_code == 200:
                    return
            await asyncio.sleep(0.05)
    raise AssertionError(f"{url} does not answer: {said() if callable(said) else said}")


@contextlib.asynccontextmanager
async def _issuer() -> AsyncIterator[tuple[str, str]]:
    """Run an issuer of access tokens; its address, and a token of another tenant."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "app.cli", "dev-issuer", "--port", str(port)]
    running = subprocess.Popen(  # noqa: ASYNC220 - takes a few milliseconds
        command, env=clean(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        await answering(f"{url}/.well-known/openid-configuration", "the issuer")
        async with httpx2.AsyncClient(timeout=60) as http:
            asked = {"client_id": "stranger", "tid": _OTHERS, "roles": "admin"}
            told = await http.post(
                f"{url}/token", data={"grant_type": "client_credentials", **asked}
            )
            yield url, str(told.json()["access_token"])
    finally:
        running.terminate()
        running.wait(timeout=60)


@contextlib.asynccontextmanager
async def embedded(folder: Path) -> AsyncIterator[Target]:
    """Start a service of our own."""
    async with _issuer() as (issuer, token):
        trusted = {
            "issuer": issuer,
            "audiences": ["eva-api"],
            "tenants": {_OTHERS: "ten_elsewhere"},
        }
        process = Process(folder, {"EVA_OIDC_ISSUERS": json.dumps([trusted])})
        process.start()
        try:
            await process.ready()
            yield Target(process.url, await process.first_key(), token, process)
        finally:
            process.stop()
