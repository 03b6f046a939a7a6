"""The back door to remembered calls."""

from dataclasses import replace
from typing import Any

from app.core.kinds import IDEMPOTENT_CALLS
from app.core.models import DEFAULT_TENANT, IdempotentCall, Partition, Stored
from app.core.ports import Listing, Ports, Put

KEY = {"Idempotency-Key": "8e03978e-40d5-43dd-bc93-6894a57f9324"}
HOME = Partition(DEFAULT_TENANT)


async def calls(ports: Ports) -> list[Stored[IdempotentCall]]:
    return list((await ports.records.page(IDEMPOTENT_CALLS, HOME, Listing(limit=100))).items)


async def set_back(ports: Ports, **changes: Any) -> IdempotentCall:
    """Change the one remembered call behind the service's back; return it as it was."""
    [found] = await calls(ports)
    await ports.records.commit(
        HOME, Put(kind=IDEMPOTENT_CALLS, value=replace(found.value, **changes))
    )
    return found.value
