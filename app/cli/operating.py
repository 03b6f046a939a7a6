"""What the operator does to keys in the data folder itself; the trail tells of it too."""

import contextlib
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

from app.cli.refusal import RefusedError
from app.core import key_changes, key_text, keys
from app.core.access import Principal
from app.core.audit import Act, acting
from app.core.errors import EvaError
from app.core.models import DEFAULT_TENANT, Scope, Tier
from app.core.ports import Ports
from app.settings import Settings
from app.wiring import open_ports

_OPERATOR = "operator"


async def issue(settings: Settings, wanted: dict[str, Any]) -> dict[str, Any]:
    """Issue a key of the default tenant; RefusedError."""
    expires_at = wanted.get("expires_at")
    spaces = wanted.get("space_ids")
    new = keys.NewKey(
        name=wanted["name"],
        scopes=tuple(Scope(scope) for scope in wanted["scopes"]),
        space_ids=None if spaces is None else tuple(spaces),
        expires_at=datetime.fromisoformat(expires_at) if expires_at else None,
        tier=Tier(wanted["tier"]) if "tier" in wanted else None,
    )
    acting.set(Act(tenant_id=DEFAULT_TENANT, actor=_OPERATOR, action="createApiKey"))
    async with _opened(settings) as ports:
        issued = await keys.issue(ports, DEFAULT_TENANT, _OPERATOR, new)
    return {"id": issued.key.value.id, **wanted, "token": issued.token}


async def revoke_leaked(settings: Settings, found: dict[str, str]) -> dict[str, Any]:
    """Revoke the key of a text or SHA-256 in whichever tenant it is; RefusedError."""
    read = key_text.read(found["key"]) if "key" in found else None
    sha256 = found.get("sha256") or (read.sha256 if read else "")
    async with _opened(settings) as ports:
        tenant_id = await key_changes.tenant_of(ports, sha256)
        if tenant_id is None:
            raise RefusedError("Not revoked", "no key here is known by that", "not-found")
        acting.set(Act(tenant_id=tenant_id, actor=_OPERATOR, action="revokeLeakedKey"))
        revoked = await key_changes.revoke_leaked(ports, _operator(tenant_id), sha256)
    key = revoked.value
    return {
        "id": key.id,
        "tenant_id": key.tenant_id,
        "name": key.name,
        "revoked_at": key.revoked_at and key.revoked_at.isoformat(),
    }


def _operator(tenant_id: str) -> Principal:
    return Principal(tenant_id=tenant_id, id=_OPERATOR, scopes=frozenset({Scope.ADMIN_ALL}))


@contextlib.asynccontextmanager
async def _opened(settings: Settings) -> AsyncIterator[Ports]:
    try:
        async with open_ports(settings) as ports:
            yield ports
    except EvaError as error:
        raise RefusedError("Not done", "the data folder is busy or full", error.code) from error
