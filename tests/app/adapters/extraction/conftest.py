from collections.abc import AsyncIterator

import pytest

from app.adapters.extraction import PRELOAD
from app.adapters.fork_server import Limits
from app.adapters.sandbox import Sandbox


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    """A sandbox with less memory and time than a service grants, so that tests end soon."""
    opened = Sandbox(1, Limits(memory_bytes=768 << 20, cpu_s=3), preload=PRELOAD)
    yield opened
    await opened.aclose()
