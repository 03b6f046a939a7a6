from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from app.adapters.embedded import EmbeddedStore, open_store
from app.core.models import Partition

SPACE = Partition("ten_default", "spc_1")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
async def store(folder: Path) -> AsyncIterator[EmbeddedStore]:
    async with open_store(folder, busy_s=0.2) as opened:
        yield opened


@pytest.fixture
def space() -> Partition:
    return SPACE
