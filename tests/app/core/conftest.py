"""What several tests of the core start from."""

import pytest

from app.core import rests, work


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shorten the pauses of a worker that would make tests wait."""
    monkeypatch.setattr(rests, "_FAILED_S", (0.01,))
    monkeypatch.setattr(rests, "_WAITS_S", (0.01, 0.01))
    monkeypatch.setattr(work, "_POLL_S", 0.02)
