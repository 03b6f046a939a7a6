import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from app.adapters.telemetry import certificates
from tests.peers.vault.certificate import self_signed


@contextlib.asynccontextmanager
async def serving(folder: Path, lasts: timedelta) -> AsyncIterator[tuple[int, Path]]:
    """A port of this machine that shows a certificate, and who trusts it."""
    certificate, key = self_signed(folder, lasts)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)

    async def hang_up(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    server = await asyncio.start_server(hang_up, "127.0.0.1", 0, ssl=context)
    async with server:
        yield server.sockets[0].getsockname()[1], certificate


async def test_the_certificate_that_clients_see_tells_how_long_it_holds(tmp_path: Path) -> None:
    async with serving(tmp_path, timedelta(days=20)) as (port, trusted):
        left = await certificates.left_s("localhost", port, trusted=trusted)
    assert left == pytest.approx(20 * 86400, abs=60)


async def test_one_that_has_expired_has_nothing_left(tmp_path: Path) -> None:
    async with serving(tmp_path, timedelta(minutes=-1)) as (port, trusted):
        assert await certificates.left_s("localhost", port, trusted=trusted) == 0.0


async def test_what_cannot_be_seen_is_not_told(tmp_path: Path) -> None:
    async with serving(tmp_path, timedelta(days=20)) as (port, _):
        assert await certificates.left_s("localhost", port) is None, "nobody trusts it"
    assert await certificates.left_s("localhost", port) is None, "nobody is there"
