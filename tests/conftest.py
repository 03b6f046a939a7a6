"""Fixtures that every test may use: the real embedded backend in a folder of its own."""

import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck
from hypothesis import settings as examples

from app.core.access import Principal
from app.core.models import Scope
from app.core.ports import Ports
from app.settings import Settings
from app.wiring import open_ports
from tests.contract.cosmos import on_cosmos
from tests.peers.fixtures import cosmos_peer

__all__ = ["cosmos_peer"]

# A shell that starts us in the background makes us, and all we start, deaf to Ctrl+C; programs
# under test must hear it.
signal.signal(signal.SIGINT, signal.default_int_handler)
# How long an example takes is the machine's affair.
examples.register_profile(
    "any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
examples.load_profile("any machine")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings of an embedded service in an empty folder."""
    return Settings.load({"EVA_DATA_DIR": str(tmp_path / "data")})


@pytest.fixture
async def ports(settings: Settings, request: pytest.FixtureRequest) -> AsyncIterator[Ports]:
    """Every port, as the service has them; records and all with them elsewhere if it is said."""
    async with open_ports(settings) as opened:
        if os.environ.get("TEST_STORE") != "cosmos":
            yield opened
            return
        async with on_cosmos(opened, request.getfixturevalue("cosmos_peer")) as moved:
            yield moved


@pytest.fixture
def alice() -> Principal:
    """Return an administrator of a tenant."""
    return Principal(tenant_id="ten_alice", id="key:alice", scopes=frozenset({Scope.ADMIN_ALL}))


@pytest.fixture
def mallory() -> Principal:
    """Return an administrator of another tenant."""
    return Principal(tenant_id="ten_mallory", id="key:mallory", scopes=frozenset(Scope))
