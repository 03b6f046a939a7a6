"""API keys: `eva_<id>_<secret>`, shown once, kept as a SHA-256 of the secret.

The secret has 256 random bits, so a fast hash is enough: there is nothing to guess.
"""

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from app.core import spaces
from app.core.access import Principal
from app.core.errors import ForbiddenError, NotFoundError, StaleEtagError, UnauthenticatedError
from app.core.ids import new_id
from app.core.kinds import API_KEYS
from app.core.models import ApiKey, Page, Partition, Scope, Stored
from app.core.ports import Listing, Ports, Put

_PREFIX = "eva"
_PARTS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class NewKey:
    """What a key is asked to be."""

    name: str
    scopes: tuple[Scope, ...]
    space_ids: tuple[str, ...] | None = None
    expires_at: datetime | None = None
    department: str = ""


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

    With an `id_` that exists already, from a try whose answer nobody saw, its secret is replaced.
    """
    secret = secrets.token_hex(32)
    key = ApiKey(
        id=(id_ or new_id("key")).removeprefix("key_"),
        tenant_id=tenant_id,
        name=wanted.name,
        secret_sha256=hash_secret(secret),
        scopes=wanted.scopes,
        space_ids=wanted.space_ids,
        created_at=datetime.now(UTC),
        created_by=by,
        expires_at=wanted.expires_at,
        department=wanted.department,
    )
    home = Partition(tenant_id)
    unseen = await ports.records.get(API_KEYS, home, key.id) if id_ else None
    revision = unseen.etag if unseen else None
    [etag] = await ports.records.commit(
        home, Put(kind=API_KEYS, value=key, if_etag=revision, if_absent=revision is None)
    )
    return Issued(Stored(key, etag), f"{_PREFIX}_{key.id}_{secret}")


async def authenticate(ports: Ports, token: str) -> Principal:
    """Return who holds this token; UnauthenticatedError without saying what was wrong with it."""
    parts = token.split("_")
    if len(parts) != _PARTS or parts[0] != _PREFIX:
        raise UnauthenticatedError
    found = await ports.keys.find_key(parts[1])
    if found is None or not hmac.compare_digest(hash_secret(parts[2]), found.value.secret_sha256):
        raise UnauthenticatedError
    key = found.value
    if key.revoked_at or (key.expires_at and key.expires_at <= datetime.now(UTC)):
        raise UnauthenticatedError
    return Principal(
        tenant_id=key.tenant_id,
        id=f"key:{key.id}",
        scopes=frozenset(key.scopes),
        space_ids=None if key.space_ids is None else frozenset(key.space_ids),
    )


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


async def revoke(ports: Ports, principal: Principal, key_id: str) -> Stored[ApiKey]:
    """Revoke a key at once and for good; revoking twice is no error."""
    while True:
        found = await get(ports, principal, key_id)
        if found.value.revoked_at is not None:
            return found
        revoked = replace(found.value, revoked_at=datetime.now(UTC))
        try:
            [etag] = await ports.records.commit(
                principal.home, Put(kind=API_KEYS, value=revoked, if_etag=found.etag)
            )
        except StaleEtagError:
            continue  # somebody else changed it in between: look again
        return Stored(revoked, etag)


def hash_secret(secret: str) -> str:
    """Return what is stored of a secret."""
    return hashlib.sha256(secret.encode()).hexdigest()


def all_scopes() -> Sequence[Scope]:
    """Return every scope there is, in declaration order."""
    return tuple(Scope)
