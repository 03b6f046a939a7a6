import contextlib
import time
from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest

from app.settings import Settings
from app.web import readiness
from tests.app.web import house as opening
from tests.app.web import limited
from tests.app.web.house import House


@pytest.fixture
def standing_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the clock of the wall stand still: the windows of limits begin with minutes."""
    now = time.time() // 60 * 60 + 1
    monkeypatch.setattr(time, "time", lambda: now)


@pytest.fixture(autouse=True)
def patient_readiness(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let dependencies answer late, where no test says how long they may take."""
    monkeypatch.setattr(readiness.checked, "__defaults__", (60.0,))


@pytest.fixture
async def house(settings: Settings) -> AsyncIterator[House]:
    """The whole service on an empty folder."""
    async with opening.opened(settings) as found:
        yield found


@pytest.fixture
async def idle(tmp_path: Path) -> AsyncIterator[House]:
    """A service whose work nobody does; quick to send signs of life and to give up waiting."""
    env = {
        "EVA_DATA_DIR": str(tmp_path / "idle"),
        "EVA_WORKER": "off",
        "EVA_SSE_HEARTBEAT_S": "0.05",
        "EVA_SSE_GRACE_S": "0.2",
        "EVA_MAX_WAIT_S": "1",
    }
    async with opening.opened(Settings.load(env)) as found:
        yield found


@pytest.fixture
async def client(house: House) -> httpx2.AsyncClient:
    """An administrator of the default tenant."""
    return await house.client()


@pytest.fixture
async def stranger(house: House) -> httpx2.AsyncClient:
    """An administrator of another tenant."""
    return await house.client("ten_other")


@pytest.fixture
def open_house(tmp_path: Path) -> limited.Open:
    """Open a service with these settings."""

    @contextlib.asynccontextmanager
    async def opened(**env: str) -> AsyncIterator[House]:
        asked = {"EVA_DATA_DIR": str(tmp_path / "data"), "EVA_WORKER": "off", **env}
        async with opening.opened(Settings.load(asked)) as house:
            yield house

    return opened
