"""Questions to Azure, through its own command line."""

import json
import subprocess
from collections.abc import Mapping
from typing import Any

SLOWEST_S = 60


class NotAnsweredError(Exception):
    """Azure, or its command line, did not answer; the message is what it said."""


def ask(*question: str) -> Any:  # noqa: ANN401 - JSON
    """Return the answer to `az …`; NotAnsweredError when there is none."""
    try:
        told = subprocess.run(  # noqa: S603 - fixed words and checked settings, no shell
            ["az", *question, "--output", "json", "--only-show-errors"],  # noqa: S607
            capture_output=True,
            text=True,
            check=False,
            timeout=SLOWEST_S,
        )
    except (OSError, subprocess.TimeoutExpired) as failed:
        raise NotAnsweredError(f"az: {failed}") from failed
    if told.returncode:
        said = told.stderr.strip().splitlines()
        raise NotAnsweredError(said[-1] if said else f"az ended with {told.returncode}")
    return json.loads(told.stdout or "null")


def exists(id_: str, api_version: str) -> bool:
    """Tell whether a resource exists, by its control plane: no network access is needed."""
    url = f"https://management.azure.com{id_}?api-version={api_version}"
    try:
        found: Mapping[str, Any] = ask("rest", "--method", "get", "--url", url)
    except NotAnsweredError as failed:
        if "NotFound" in str(failed) or "(404)" in str(failed):
            return False
        raise
    return bool(found)
