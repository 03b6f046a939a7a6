import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from chaos.observing import Log, Seen
from chaos.state import STATE

Wrote = Callable[..., None]


@pytest.fixture
def journal() -> dict[str, Any]:
    """A journal that was recorded when all went well."""
    path = Path(__file__).with_name("journal.json")
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Where an experiment takes place; nothing runs there."""
    told = {
        "url": "http://127.0.0.1:9",
        "data": str(tmp_path / "data"),
        "faults": "",
        "processes": {},
        "traffic": 0,
        "seen": str(tmp_path / "seen.jsonl"),
        "found": str(tmp_path / "found.json"),
    }
    at = tmp_path / "state.json"
    at.write_text(json.dumps(told), encoding="utf-8")
    monkeypatch.setenv(STATE, str(at))
    return told


@pytest.fixture
def wrote(place: dict[str, Any]) -> Wrote:
    """Write down what clients see, in a moment from now: while an expectation waits."""

    def write(count: int, **said: Any) -> None:
        usual = {"at": time.time() + 0.05, "kind": "read", "status": 200, "ms": 10.0}
        with Path(place["seen"]).open("a", encoding="utf-8") as file:
            for _ in range(count):
                Log(file).add(Seen(**{**usual, **said}))

    return write
