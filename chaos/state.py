"""What an activity knows of the place where its experiment takes place."""

import json
import os
from pathlib import Path
from typing import Any

STATE = "CHAOS_STATE"  # the variable that names the file


def state() -> dict[str, Any]:
    """Return where everything is now."""
    found: dict[str, Any] = json.loads(Path(os.environ[STATE]).read_text(encoding="utf-8"))
    return found
