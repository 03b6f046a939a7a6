"""The development issuer: one command, this machine, nothing else."""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator

import httpx2
import pytest

from app.adapters.oidc import open_verifier
from app.adapters.oidc.dev_issuer import DevIssuer, described, running, serve
from app.core.identity import Refusal
from app.core.models import DEFAULT_TENANT, Scope
from tests.app.adapters.oidc.publisher import PATIENT
from tests.app.adapters.oidc.refusing import refusal
from tests.peers.programs import free_port


@pytest.fixture
async def issuer() -> AsyncIterator[DevIssuer]:
    async with running("127.0.0.1", 0, environment="development") as issuer:
        yield issuer


@pytest.fixture
async def client(issuer: DevIssuer) -> AsyncIterator[httpx2.AsyncClient]:
    async with httpx2.AsyncClient(base_url=issuer.url, timeout=60) as client:
        yield client


async def test_a_token_that_it_gives_is_accepted(
    issuer: DevIssuer, client: httpx2.AsyncClient
) -> None:
    form = {
        "grant_type": "client_credentials",
        "client_id": "me",
        "tid": "ten_b",
        "roles": "reader auditor",
    }
    given = (await client.post("/token", data=form)).json()
    assert sorted(given) == ["access_token", "expires_in", "token_type"]
    async with open_verifier([described(issuer.url, ["ten_b"])], PATIENT) as verifier:
        found = await verifier.verify(given["access_token"])
        assert (found.tenant_id, found.id.rpartition(":")[2]) == ("ten_b", "me")
        assert {Scope.SPACES_READ, Scope.AUDIT_READ} <= found.scopes
        assert await refusal(verifier, issuer.token({})) == Refusal.FOREIGN_TENANT


async def test_a_token_needs_no_wishes(issuer: DevIssuer, client: httpx2.AsyncClient) -> None:
    given = await client.post("/token", data={"grant_type": "client_credentials"})
    async with open_verifier([described(issuer.url)], PATIENT) as verifier:
        found = await verifier.verify(given.json()["access_token"])
    assert found.tenant_id == DEFAULT_TENANT
    assert found.scopes == frozenset()


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/token", b"grant_type=password", 400),
        ("POST", "/token", b"\xff=%", 400),
        ("POST", "/token", b"a" * 20_000, 400),
        ("GET", "/token", b"", 404),
        ("GET", "/", b"", 404),
    ],
)
async def test_what_is_not_asked_for_is_refused(
    client: httpx2.AsyncClient, method: str, path: str, body: bytes, status: int
) -> None:
    assert (await client.request(method, path, content=body)).status_code == status


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:{port}", "127.0.0.1", "localhost:1"]
)
async def test_a_web_page_does_not_reach_it_by_a_name_of_its_own(
    issuer: DevIssuer, client: httpx2.AsyncClient, host: str
) -> None:
    port = issuer.url.rpartition(":")[2]
    form = {"grant_type": "client_credentials"}
    answer = await client.post("/token", data=form, headers={"host": host.format(port=port)})
    assert answer.status_code == 421
    assert "access_token" not in answer.text


@pytest.mark.parametrize("environment", ["production", "staging", "", "Development"])
async def test_it_does_not_run_outside_development(environment: str) -> None:
    with pytest.raises(ValueError, match="in development only"):
        await serve(environment=environment)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "example.com"])  # noqa: S104
async def test_it_does_not_listen_where_others_can_reach_it(host: str) -> None:
    with pytest.raises(ValueError, match="not a loopback address"):
        await serve(host, 0, environment="development")


async def test_its_keys_end_with_it(issuer: DevIssuer) -> None:
    token = issuer.token({})
    port = int(issuer.url.rpartition(":")[2])
    async with open_verifier([described(issuer.url)], PATIENT) as verifier:
        assert (await verifier.verify(token)).tenant_id == DEFAULT_TENANT
    again = DevIssuer(f"http://127.0.0.1:{port}")
    async with open_verifier([described(issuer.url)], PATIENT) as verifier:
        assert await refusal(verifier, again.token({})) == Refusal.UNKNOWN_KEY


async def test_an_interrupt_ends_it() -> None:
    port = free_port()
    program = (
        "import asyncio; from app.adapters.oidc.dev_issuer import serve; "
        f"asyncio.run(serve('127.0.0.1', {port}, environment='development'))"
    )
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, stderr=asyncio.subprocess.PIPE
    )
    async with httpx2.AsyncClient(timeout=60) as client:
        while child.returncode is None:
            with contextlib.suppress(httpx2.TransportError):
                await client.get(f"http://127.0.0.1:{port}/")
                break
            await asyncio.sleep(0.05)
    os.kill(child.pid, signal.SIGINT)
    _, complaint = await child.communicate()
    assert b"KeyboardInterrupt" in complaint
    assert b"never" not in complaint  # awaited, closed, retrieved
    assert child.returncode != 0
