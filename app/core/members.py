"""The members of a space: who they are, and in which role.

They are a part of the space's record, so that one read tells whether it is open to a caller.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import TypeAlias

from app.core import spaces
from app.core.access import Principal
from app.core.errors import ConflictError, NotFoundError, StaleEtagError
from app.core.kinds import SPACES
from app.core.models import Member, Page, Space, SpaceRole
from app.core.ports import Listing, Ports, Put

MOST = 500
FULL = f"the space has {MOST} members"
_Members: TypeAlias = tuple[Member, ...]


async def page(ports: Ports, principal: Principal, space_id: str, listing: Listing) -> Page[Member]:
    """List members by id."""
    found = await spaces.get(ports, principal, space_id)
    members = sorted(
        found.value.members, key=lambda one: one.principal_id, reverse=listing.descending
    )
    if listing.after is not None:
        ids = [one.principal_id for one in members]
        behind = sum(
            id_ >= listing.after if listing.descending else id_ <= listing.after for id_ in ids
        )
        members = members[behind:]
    shown = tuple(members[: listing.limit])
    return Page(shown, shown[-1].principal_id if len(members) > listing.limit else None)


async def get(ports: Ports, principal: Principal, space_id: str, principal_id: str) -> Member:
    """Return a member; NotFoundError."""
    found = (await spaces.get(ports, principal, space_id)).value.member(principal_id)
    if found is None:
        raise NotFoundError(id=principal_id)
    return found


async def put(
    ports: Ports, principal: Principal, space_id: str, principal_id: str, role: SpaceRole
) -> Member:
    """Make somebody a member, or change the role; ConflictError when there are too many."""
    member = Member(
        principal_id=principal_id, role=role, added_at=datetime.now(UTC), added_by=principal.id
    )

    def changed(space: Space) -> _Members:
        others = _others(space, principal_id)
        if len(others) >= MOST:
            raise ConflictError(reason=FULL)
        return (*others, member)

    await _change(ports, principal, space_id, changed)
    return member


async def remove(ports: Ports, principal: Principal, space_id: str, principal_id: str) -> None:
    """Shut a member out at once; NotFoundError."""

    def changed(space: Space) -> _Members:
        if space.member(principal_id) is None:
            raise NotFoundError(id=principal_id)
        return _others(space, principal_id)

    await _change(ports, principal, space_id, changed)


def _others(space: Space, principal_id: str) -> _Members:
    return tuple(one for one in space.members if one.principal_id != principal_id)


async def _change(
    ports: Ports, principal: Principal, space_id: str, change: Callable[[Space], _Members]
) -> None:
    while True:
        found = await spaces.get(ports, principal, space_id)
        members = change(found.value)
        changed = replace(found.value, members=members, updated_at=datetime.now(UTC))
        try:
            await ports.records.commit(
                principal.home, Put(kind=SPACES, value=changed, if_etag=found.etag)
            )
        except StaleEtagError:
            continue  # another change came first: this one is made to its outcome
        return
