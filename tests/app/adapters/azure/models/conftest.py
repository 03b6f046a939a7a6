from collections.abc import AsyncIterator

import pytest
from openai import AsyncOpenAI

from app.adapters.azure.models import ModelResource, open_client
from tests.peers.models import KEY
from tests.peers.programs import Running


@pytest.fixture
async def client(models: Running) -> AsyncIterator[AsyncOpenAI]:
    async with open_client(ModelResource(endpoint=models.url, key=KEY)) as opened:
        yield opened
