"""The two slots of a rehearsal."""

import asyncio
from pathlib import Path

import pytest

from pipelines.deploy.model import DeploymentFailedError
from pipelines.deploy.rehearsal import slots
from pipelines.deploy.rehearsal.slots import Slots


async def test_a_key_that_is_shown_after_the_first_answer_is_waited_for(tmp_path: Path) -> None:
    log = tmp_path / "first.log"
    log.write_text("EVA API answers at http://127.0.0.1:8000\n")
    found = asyncio.ensure_future(Slots(tmp_path).key())
    await asyncio.sleep(0.15)
    assert not found.done()
    log.write_text(log.read_text() + "  export EVA_API_KEY=eva_shown\n")
    assert await found == "eva_shown"


async def test_a_key_that_is_never_shown_ends_the_rehearsal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slots, "_LOOKS", 2)
    with pytest.raises(DeploymentFailedError, match="no process showed a key"):
        await Slots(tmp_path).key()
