"""What becomes of a key: a new text while the old one still works, or its end."""

import hmac
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from app.core import key_text, keys
from app.core.access import Principal
from app.core.errors import ConflictError, NotFoundError, StaleEtagError
from app.core.keys import Issued
from app.core.kinds import API_KEYS
from app.core.models import ApiKey, Partition, Stored
from app.core.ports import Listing, Ports, Put

LONGEST_OVERLAP = timedelta(days=30)
_PAGE = 100


async def rotate(
    ports: Ports,
    principal: Principal,
    key_id: str,
    overlap: timedelta,
    *,
    rotation: str | None = None,
) -> Issued:
    """Give a key a new text; the one until now works for the overlap, any older one no more.

    A `rotation` that was made already, by a try whose answer nobody saw, is made again: what it
    replaced keeps its overlap. NotFoundError, ConflictError for a key that has ended.
    """
    while True:
        found = await keys.get(ports, principal, key_id)
        now, text = datetime.now(UTC), key_text.mint(key_id)
        if not keys.is_active(found.value, now):
            raise ConflictError(reason="the key has ended")
        changed = replace(found.value, secret_sha256=key_text.hashed(text))
        if rotation is None or rotation != found.value.rotation:
            changed = replace(
                changed,
                previous_sha256=found.value.secret_sha256 if overlap else None,
                previous_until=now + overlap if overlap else None,
                rotation=rotation or "",
            )
        try:
            return Issued(await _put(ports, changed, found.etag), text)
        except StaleEtagError:
            continue  # somebody else changed it in between: look again


async def revoke(ports: Ports, principal: Principal, key_id: str) -> Stored[ApiKey]:
    """Revoke a key for good; revoking twice is no error. NotFoundError.

    Other processes may know it for `keys.KNOWN_S` seconds more.
    """
    while True:
        found = await keys.get(ports, principal, key_id)
        if found.value.revoked_at is not None:
            return found
        revoked = replace(found.value, revoked_at=datetime.now(UTC))
        try:
            return await _put(ports, revoked, found.etag)
        except StaleEtagError:
            continue  # somebody else changed it in between: look again


async def revoke_leaked(ports: Ports, principal: Principal, sha256: str) -> Stored[ApiKey]:
    """Revoke the key whose text, present or before the last rotation, has this SHA-256.

    NotFoundError if the tenant has none that reaches no further than the principal.
    """
    async for id_ in _known_by(ports, principal.tenant_id, sha256):
        return await revoke(ports, principal, id_)
    raise NotFoundError


async def tenant_of(ports: Ports, sha256: str) -> str | None:
    """Return the tenant that has the key of this SHA-256: for the operator, who may be of none."""
    for tenant_id in await ports.records.tenants():
        async for _ in _known_by(ports, tenant_id, sha256):
            return tenant_id
    return None


async def _known_by(ports: Ports, tenant_id: str, sha256: str) -> AsyncIterator[str]:
    """Yield the ids of the tenant's keys that this is the hash of. Reads all: it is rare."""
    after: str | None = None
    while True:
        listing = Listing(after=after, limit=_PAGE)
        page = await ports.records.page(API_KEYS, Partition(tenant_id), listing)
        for key in (stored.value for stored in page.items):
            texts = (key.secret_sha256, key.previous_sha256 or "")
            if any(hmac.compare_digest(one, sha256) for one in texts):
                yield key.id
        after = page.next_after
        if after is None:
            return


async def _put(ports: Ports, key: ApiKey, if_etag: str) -> Stored[ApiKey]:
    home = Partition(key.tenant_id)
    [etag] = await ports.records.commit(home, Put(kind=API_KEYS, value=key, if_etag=if_etag))
    return Stored(key, etag)
