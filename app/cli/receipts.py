"""Waiting for the proof that something deleted is gone."""

import time
from typing import TYPE_CHECKING, Any

from app.cli.refusal import RefusedError

if TYPE_CHECKING:
    from app.cli.client import Client

_PATIENCE_S = 60.0
_POLL_S = 0.2


def completed(server: "Client", id_: str) -> dict[str, Any]:
    """Return the completed receipt of a deletion; RefusedError if it takes too long."""
    until = time.monotonic() + _PATIENCE_S
    while time.monotonic() < until:
        receipt: dict[str, Any] = server.get(f"/api/v1/receipts/{id_}")
        if receipt["completed_at"] is not None:
            return receipt
        time.sleep(_POLL_S)
    raise RefusedError(
        "Not gone yet",
        f"{id_} is hidden, but its traces are still being removed; is a worker running?",
        "erasure-pending",
    )
