"""What a producer may add to its own record: why it could not run, its tool, its mode, its data."""

import json
import os
from datetime import datetime
from pathlib import Path
from typing import Any

from pipelines.readiness.located import Table, read_json

VARIABLE = "GATE_NOTE"
KEYS = ("not_run", "mode", "tool", "version", "database")


def leave(**said: Any) -> None:  # noqa: ANN401 - whatever JSON can hold
    """Write the note where the recorder looks for it; nothing happens without a recorder."""
    unknown = set(said) - set(KEYS)
    if unknown:
        raise ValueError(f"a note cannot say {', '.join(sorted(unknown))}")
    where = os.environ.get(VARIABLE)
    if where:
        Path(where).write_text(json.dumps(said, default=_plain), encoding="utf-8")


def read(path: Path) -> Table | None:
    """Read the note that a producer left, if it left one."""
    if not path.is_file():
        return None
    table = read_json(path, path.name)
    table.only(*KEYS)
    return table


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} in a note")
