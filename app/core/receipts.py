"""Receipts of deletions, shown to whom the deleted object could be shown."""

from app.core import access
from app.core.access import Principal
from app.core.errors import NotFoundError
from app.core.kinds import RECEIPTS, SPACES
from app.core.models import Receipt, Stored
from app.core.ports import Ports


async def get(ports: Ports, principal: Principal, subject_id: str) -> Stored[Receipt]:
    """Return the receipt of a deletion; `completed_at` is None while it runs. NotFoundError."""
    found = await ports.records.get(RECEIPTS, principal.home, subject_id)
    if found is None:
        raise NotFoundError(id=subject_id)
    await _require_reader(ports, principal, found.value.space_id)
    return found


async def _require_reader(ports: Ports, principal: Principal, space_id: str) -> None:
    """Raise NotFoundError if a space is, or was to its end, closed to the principal."""
    principal.space(space_id)
    space = await ports.records.get(SPACES, principal.home, space_id)
    if space is not None:
        access.enter(principal, space.value)
        return
    gone = await ports.records.get(RECEIPTS, principal.home, space_id)
    readers = None if gone is None else gone.value.readers
    if readers is not None and principal.id not in readers and not principal.administers:
        raise NotFoundError(id=space_id)
