from collections.abc import AsyncIterator

import httpx2
import pytest

from app.settings import Settings
from tests.app.web import house as opening
from tests.app.web.house import House


@pytest.fixture
async def house(settings: Settings) -> AsyncIterator[House]:
    """The whole service on an empty folder."""
    async with opening.opened(settings) as found:
        yield found


@pytest.fixture
async def client(house: House) -> httpx2.AsyncClient:
    """An administrator of the default tenant."""
    return await house.client()


@pytest.fixture
async def stranger(house: House) -> httpx2.AsyncClient:
    """An administrator of another tenant."""
    return await house.client("ten_other")
