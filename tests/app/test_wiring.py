"""What is put behind the ports, as the settings say."""

from pathlib import Path

import pytest

from app.core.errors import SetupError
from app.core.models import Partition
from app.settings import Settings
from app.wiring import open_ports, try_embedder
from tests.app.adapters.embedding.tiny_model import write_model
from tests.contract.passages import add, documents, find

SPACE = Partition("ten_1", "spc_1")


async def test_an_operators_model_finds_by_meaning(tmp_path: Path) -> None:
    plain = Settings(data_dir=tmp_path / "data")
    model = write_model(tmp_path / "model")
    meaning = Settings(data_dir=tmp_path / "data", embedder_dir=model)
    async with open_ports(plain) as ports:
        await add(ports.index, SPACE, "An automobile needs insurance.")
        assert (await find(ports.index, SPACE, "the car")).candidates == ()
    async with open_ports(meaning) as ports:
        new = await add(ports.index, SPACE, "An automobile needs fuel.")
        assert documents(await find(ports.index, SPACE, "the car")) == [new]
    assert await try_embedder(plain) is None
    assert len(await try_embedder(meaning) or "") == 64


async def test_a_model_that_cannot_be_used_keeps_the_service_from_starting(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "data", embedder_dir=tmp_path / "nothing")
    with pytest.raises(SetupError, match=r"nothing is no sentence-transformer export: it needs"):
        async with open_ports(settings):
            pass
