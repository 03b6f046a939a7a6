"""Spaces: create, read, list, change, delete."""

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from app.core import access, filters
from app.core.access import Principal
from app.core.errors import ForbiddenError, NotFoundError, StaleEtagError
from app.core.ids import new_id
from app.core.kinds import DOCUMENTS, RECEIPTS, SPACES
from app.core.models import (
    Job,
    JobKind,
    Member,
    Metadata,
    Page,
    Receipt,
    Scope,
    Space,
    SpaceRole,
    Stored,
    Visibility,
)
from app.core.ports import Enqueue, Listing, Ports, Put

_COUNTED_S = 2.0  # how old a count of documents may be that is shown
_ALIVE = filters.Condition("deleted", filters.Op.EQ, value=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class SpaceContent:
    """What a client says of a space; a `visibility` of None leaves it as it is."""

    name: str
    description: str = ""
    metadata: Metadata = field(default_factory=dict)
    tags: tuple[str, ...] = ()
    visibility: Visibility | None = None


async def create(
    ports: Ports, principal: Principal, content: SpaceContent, *, id_: str | None = None
) -> Stored[Space]:
    """Create a space. With an `id_` that exists already, that space is returned unchanged.

    A credential kept to some spaces could not see a new one: ForbiddenError.
    """
    if principal.space_ids is not None:
        raise ForbiddenError(scope=f"{Scope.SPACES_WRITE.value} on every space")
    now = datetime.now(UTC)
    space = Space(
        id=id_ or new_id("spc"),
        tenant_id=principal.tenant_id,
        name=content.name,
        description=content.description,
        metadata=content.metadata,
        tags=content.tags,
        created_at=now,
        updated_at=now,
        created_by=principal.id,
        visibility=content.visibility or Visibility.TENANT,
    )
    space = _managed(space, principal)
    if id_ and (found := await ports.records.get(SPACES, principal.home, id_)):
        return found
    [etag] = await ports.records.commit(
        principal.home, Put(kind=SPACES, value=space, if_absent=True)
    )
    return Stored(space, etag)


async def get(ports: Ports, principal: Principal, space_id: str) -> Stored[Space]:
    """Return a live space that the principal may act in; NotFoundError, RoleError."""
    principal.space(space_id)
    found = await ports.records.get(SPACES, principal.home, space_id)
    if found is None or found.value.deleted_at is not None:
        raise NotFoundError(id=space_id)
    access.enter(principal, found.value)
    return found


async def reachable(
    ports: Ports, principal: Principal, space_ids: Collection[str]
) -> frozenset[str]:
    """Return those of the spaces that are not closed to the principal.

    One that was erased is closed to nobody any more: nothing is left that it could show.
    """
    known = await ports.records.get_many(SPACES, principal.home, sorted(space_ids))
    return frozenset(
        id_
        for id_ in space_ids
        if principal.reaches((id_,))
        and (id_ not in known or access.sees(principal, known[id_].value))
    )


async def page(ports: Ports, principal: Principal, listing: Listing) -> Page[Stored[Space]]:
    """List live spaces; a key restricted to some spaces sees those only."""
    parts: list[filters.Filter] = [_ALIVE]
    if not principal.administers:
        parts.append(_visible_to(principal))
    if listing.where is not None:
        parts.append(listing.where)
    where = filters.AllOf(tuple(parts))
    if principal.space_ids is None:
        return await ports.records.page(SPACES, principal.home, replace(listing, where=where))
    return await _restricted(ports, principal, replace(listing, where=where))


async def _restricted(ports: Ports, principal: Principal, listing: Listing) -> Page[Stored[Space]]:
    visible = sorted(principal.space_ids or (), reverse=listing.descending)
    if listing.after is not None:
        after = listing.after
        visible = [i for i in visible if (i < after if listing.descending else i > after)]
    found = await ports.records.get_many(SPACES, principal.home, visible)
    alive = [
        found[i]
        for i in visible
        if i in found and listing.where and filters.matches(listing.where, _attributes(found[i]))
    ]
    items = tuple(alive[: listing.limit])
    return Page(items, items[-1].value.id if len(alive) > listing.limit else None)


def _visible_to(principal: Principal) -> filters.Filter:
    """Return what `access.sees` says of others than administrators, as a filter."""
    closed = filters.Condition("visibility", filters.Op.NE, value=Visibility.MEMBERS.value)
    return filters.AnyOf((closed, filters.Condition("members", filters.Op.EQ, principal.id)))


def _attributes(space: Stored[Space]) -> filters.Attributes:
    return SPACES.attributes(space.value)


async def document_count(ports: Ports, principal: Principal, space_id: str) -> int:
    """Return how many documents the space holds, or held a moment ago."""
    place = principal.space(space_id)
    return await ports.records.count(DOCUMENTS, place, within_s=_COUNTED_S)


async def change(
    ports: Ports, principal: Principal, found: Stored[Space], content: SpaceContent, if_etag: str
) -> Stored[Space]:
    """Replace what is said of a space that was just read; StaleEtagError if it changed since."""
    changed = replace(
        found.value,
        name=content.name,
        description=content.description,
        metadata=content.metadata,
        tags=content.tags,
        updated_at=datetime.now(UTC),
        visibility=content.visibility or found.value.visibility,
    )
    if found.value.visibility is Visibility.TENANT:
        changed = _managed(changed, principal)
    [etag] = await ports.records.commit(
        principal.home, Put(kind=SPACES, value=changed, if_etag=if_etag)
    )
    return Stored(changed, etag)


def _managed(space: Space, principal: Principal) -> Space:
    """Return a space that begins to be its members', with one of them who manages it."""
    if space.visibility is Visibility.TENANT or any(
        member.role is SpaceRole.MANAGER for member in space.members
    ):
        return space
    manager = Member(
        principal_id=principal.id,
        role=SpaceRole.MANAGER,
        added_at=datetime.now(UTC),
        added_by=principal.id,
    )
    others = (member for member in space.members if member.principal_id != principal.id)
    return replace(space, members=(*others, manager))


async def delete(
    ports: Ports,
    principal: Principal,
    space_id: str,
    *,
    if_etag: str | None = None,
    known: Stored[Space] | None = None,
) -> Receipt:
    """Hide a space at once; a durable job then removes all that is in it.

    It may be `known` as it was just read.
    """
    while True:
        found = known or await get(ports, principal, space_id)
        try:
            return await _hide(ports, principal, found.value, if_etag or found.etag)
        except StaleEtagError:
            if if_etag is not None:
                raise
            known = None


async def _hide(ports: Ports, principal: Principal, space: Space, if_etag: str) -> Receipt:
    now = datetime.now(UTC)
    receipt = Receipt(
        id=space.id,
        tenant_id=principal.tenant_id,
        space_id=space.id,
        subject="space",
        requested_at=now,
        requested_by=principal.id,
        readers=_readers(space),
    )
    job = Job(
        id=new_id("job"),
        kind=JobKind.ERASE_SPACE,
        tenant_id=principal.tenant_id,
        space_id="",
        subject_id=space.id,
        created_at=now,
    )
    await ports.records.commit(
        principal.home,
        Put(kind=SPACES, value=replace(space, deleted_at=now), if_etag=if_etag),
        Put(kind=RECEIPTS, value=receipt),
        Enqueue(job=job),
    )
    return receipt


def _readers(space: Space) -> tuple[str, ...] | None:
    if space.visibility is Visibility.TENANT:
        return None
    return tuple(member.principal_id for member in space.members)
