import json
import os
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
        "folder": str(tmp_path),
        "data": str(tmp_path / "data"),
        "faults": "",
        "processes": {},
        "traffic": 0,
        "seen": str(tmp_path / "seen.jsonl"),
        "found": str(tmp_path / "found.json"),
        "recovered": str(tmp_path / "recovered"),
    }
    at = tmp_path / "state.json"
    at.write_text(json.dumps(told), encoding="utf-8")
    monkeypatch.setenv(STATE, str(at))
    return told


@pytest.fixture
def wrote(place: dict[str, Any]) -> Wrote:
    """Write down what clients see, an hour from now: after an expectation began to wait."""

    def write(count: int, **said: Any) -> None:
        usual = {"at": time.time() + 3600, "kind": "read", "status": 200, "ms": 10.0}
        with Path(place["seen"]).open("a", encoding="utf-8") as file:
            for _ in range(count):
                Log(file).add(Seen(**{**usual, **said}))

    return write


def with_state(place: dict[str, Any], **changes: Any) -> None:
    path = Path(os.environ["CHAOS_STATE"])
    path.write_text(json.dumps({**place, **changes}), encoding="utf-8")
