"""API keys: shown once, kept as a SHA-256, rotated with an overlap, revoked for good."""

import hmac
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from app.core import key_text, spaces
from app.core.access import Principal
from app.core.errors import ForbiddenError, NotFoundError, UnauthenticatedError
from app.core.ids import new_id
from app.core.kinds import API_KEYS
from app.core.models import ApiKey, Page, Partition, Scope, Stored, Tier
from app.core.ports import Listing, Ports, Put

KNOWN_S = 1.0  # how long a key may be known that another process revokes


@dataclass(frozen=True, slots=True, kw_only=True)
class NewKey:
    """What a key is asked to be."""

    name: str
    scopes: tuple[Scope, ...]
    space_ids: tuple[str, ...] | None = None
    expires_at: datetime | None = None
    department: str = ""
    tier: Tier | None = None


@dataclass(frozen=True, slots=True)
class Issued:
    """A fresh key and its only showing of the token."""

    key: Stored[ApiKey]
    token: str


async def create(
    ports: Ports, principal: Principal, wanted: NewKey, *, id_: str | None = None
) -> Issued:
    """Issue a key of the principal's tenant, which reaches no further than the principal does.

    Raises NotFoundError for a space out of reach, ForbiddenError.
    """
    for space_id in wanted.space_ids or ():
        await spaces.get(ports, principal, space_id)
    if wanted.space_ids is None and principal.space_ids is not None:
        raise ForbiddenError(scope=f"{Scope.ADMIN_ALL.value} on every space")
    return await issue(ports, principal.tenant_id, principal.id, wanted, id_=id_)


async def issue(
    ports: Ports, tenant_id: str, by: str, wanted: NewKey, *, id_: str | None = None
) -> Issued:
    """Issue a key for a tenant; for the first start and the operator at the data folder.

    With an `id_` that exists already, from a try whose answer nobody saw, its text is replaced.
    """
    key_id = (id_ or new_id("key")).removeprefix("key_")
    text = key_text.mint(key_id)
    key = ApiKey(
        id=key_id,
        tenant_id=tenant_id,
        name=wanted.name,
        secret_sha256=key_text.hashed(text),
        scopes=wanted.scopes,
        space_ids=wanted.space_ids,
        created_at=datetime.now(UTC),
        created_by=by,
        expires_at=wanted.expires_at,
        department=wanted.department,
        tier=wanted.tier,
    )
    home = Partition(tenant_id)
    unseen = await ports.records.get(API_KEYS, home, key.id) if id_ else None
    revision = unseen.etag if unseen else None
    [etag] = await ports.records.commit(
        home, Put(kind=API_KEYS, value=key, if_etag=revision, if_absent=revision is None)
    )
    return Issued(Stored(key, etag), text)


async def authenticate(ports: Ports, text: str) -> Principal:
    """Return who holds this key; UnauthenticatedError without saying what was wrong with it.

    What another process did to a key is seen within a second; none is refused for being new.
    """
    said, now = key_text.read(text), datetime.now(UTC)
    if said is None:
        raise UnauthenticatedError
    found = await ports.keys.find_key(said.id, within_s=KNOWN_S)
    if found is None or not _holds(found.value, said.sha256, now):
        found = await ports.keys.find_key(said.id)
    if found is None or not _holds(found.value, said.sha256, now):
        raise UnauthenticatedError
    key = found.value
    ports.uses.saw(key.tenant_id, key.id, now)
    return Principal(
        tenant_id=key.tenant_id,
        id=f"key:{key.id}",
        scopes=frozenset(key.scopes),
        space_ids=None if key.space_ids is None else frozenset(key.space_ids),
        tier=key.tier,
    )


def _holds(key: ApiKey, sha256: str, now: datetime) -> bool:
    """Tell whether a key is good and this its text; comparing takes the same time for all texts."""
    current = hmac.compare_digest(key.secret_sha256, sha256)
    previous = hmac.compare_digest(key.previous_sha256 or "", sha256)
    overlapping = key.previous_until is not None and now < key.previous_until
    return is_active(key, now) and (current or (previous and overlapping))


def is_active(key: ApiKey, now: datetime) -> bool:
    """Tell whether a key opens anything."""
    return key.revoked_at is None and (key.expires_at is None or now < key.expires_at)


async def get(ports: Ports, principal: Principal, key_id: str) -> Stored[ApiKey]:
    """Return a key that reaches no further than the principal; NotFoundError."""
    found = await ports.records.get(API_KEYS, principal.home, key_id)
    if found is None or not _within(principal, found):
        raise NotFoundError(id=key_id)
    return found


async def page(ports: Ports, principal: Principal, listing: Listing) -> Page[Stored[ApiKey]]:
    """List the tenant's keys; a page has fewer where some reach further than the principal."""
    found = await ports.records.page(API_KEYS, principal.home, listing)
    return replace(found, items=tuple(key for key in found.items if _within(principal, key)))


def _within(principal: Principal, key: Stored[ApiKey]) -> bool:
    """Tell whether a key reaches no further than the principal does."""
    reach = key.value.space_ids
    return principal.space_ids is None or (reach is not None and principal.reaches(reach))
