"""Starts the real issuer, installing it first where that was not done yet."""

import asyncio
import fcntl
import json
import shutil
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2

HERE = Path(__file__).parent
AUDIENCE = "api://eva"
START_S = 60  # a loaded machine; two seconds otherwise


def missing() -> str:
    """Why the issuer cannot run here; empty if it can."""
    absent = [name for name in ("node", "npm") if shutil.which(name) is None]
    return f"NOT RUN, A REAL ISSUER IS NEEDED: {' and '.join(absent)} absent" if absent else ""


def install() -> None:
    """Install from the lock file, once for all test processes; CalledProcessError."""
    with (HERE / "package-lock.json").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (HERE / "node_modules" / "oidc-provider").is_dir():
            subprocess.run([HERE / "install.sh"], check=True)


@dataclass(frozen=True)
class OidcPeer:
    """A running issuer."""

    issuer: str
    client: httpx2.AsyncClient
    process: asyncio.subprocess.Process

    async def token(self, *, alg: str = "RS256", **claims: object) -> str:
        form = {
            "grant_type": "client_credentials",
            "claims_json": json.dumps(claims),
            "alg": alg,
        }
        answer = await self.client.post("/token", data=form, auth=("daemon", "secret"))
        token = answer.raise_for_status().json()["access_token"]
        assert isinstance(token, str)
        return token

    async def rotate(self) -> None:
        """Sign with a new key from now on; the old ones stay published."""
        (await self.client.post("/_peer/rotate")).raise_for_status()

    async def drop(self) -> None:
        """Sign with a new key from now on, and publish no other."""
        (await self.client.post("/_peer/drop")).raise_for_status()

    async def stop(self) -> None:
        if self.process.returncode is None:
            self.process.terminate()
            await self.process.wait()


@asynccontextmanager
async def oidc_peer(port: int = 0) -> AsyncIterator[OidcPeer]:
    """Run an issuer; port 0 takes a free one."""
    process = await asyncio.create_subprocess_exec(
        "node",
        str(HERE / "issuer.mjs"),
        str(port),
        AUDIENCE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(START_S):
            issuer = json.loads(await process.stdout.readline())["issuer"]
        async with httpx2.AsyncClient(base_url=issuer, timeout=START_S) as client:
            peer = OidcPeer(issuer, client, process)
            yield peer
    finally:
        if process.returncode is None:
            process.terminate()
        await process.communicate()
