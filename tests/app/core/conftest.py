"""What several tests of the core start from."""

import pytest

from app.core import reporting, rests, work
from app.core.access import Principal
from app.core.ports import Ports
from tests.app.core.desk import Desk, opened


@pytest.fixture(autouse=True)
def untold(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no telling of how far work is come in between, however long the work takes."""
    monkeypatch.setattr(reporting, "_REPORT_S", 3600.0)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shorten the pauses of a worker that would make tests wait."""
    monkeypatch.setattr(rests, "_FAILED_S", (0.01,))
    monkeypatch.setattr(rests, "_WAITS_S", (0.01, 0.01))
    monkeypatch.setattr(work, "_POLL_S", 0.02)


@pytest.fixture
async def desk(ports: Ports, alice: Principal) -> Desk:
    """Return a question that a model is going to answer."""
    return await opened(ports, alice)
