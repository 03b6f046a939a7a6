"""Everybody who may knock: with good credentials, with bad ones, with none."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt

from app.adapters.oidc.dev_issuer import AUDIENCE, DevIssuer
from app.core import key_changes, key_text, keys
from app.core.access import Principal
from app.core.models import Scope
from app.core.ports import Ports
from app.core.roles import ROLES

EVERY_SCOPE = frozenset(Scope)


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody: what is sent, and what that entitles to (None: the credential is bad)."""

    name: str
    headers: Mapping[str, str]
    tenant: str = ""
    scopes: frozenset[Scope] | None = None
    space_ids: frozenset[str] | None = None
    id: str = ""  # by which a space knows a member


def nobody() -> Caller:
    """Return a caller without a credential."""
    return Caller("no credential", {})


async def holding(
    ports: Ports, name: str, tenant: str, scopes: frozenset[Scope], *space_ids: str
) -> Caller:
    """Return the holder of a fresh key, kept to spaces if any are named."""
    wanted = keys.NewKey(name=name, scopes=tuple(scopes), space_ids=space_ids or None)
    issued = await keys.issue(ports, tenant, "test", wanted)
    kept = frozenset(space_ids) if space_ids else None
    return Caller(name, _key(issued.token), tenant, scopes, kept, f"key:{issued.key.value.id}")


def in_role(issuer: DevIssuer, role: str, tenant: str) -> Caller:
    """Return somebody whose token names one role."""
    token = issuer.token({"tid": tenant, "sub": f"{role}@{tenant}", "roles": [role]})
    return Caller(f"role {role}", _bearer(token), tenant, ROLES[role])


async def refused(ports: Ports, issuer: DevIssuer, tenant: str) -> list[Caller]:
    """Return callers whose credentials are all bad, each in a way of its own."""
    return [
        nobody(),
        Caller("garbage key", _key("nonsense")),
        Caller("garbage token", _bearer("a.b.c")),
        *await _bad_keys(ports, tenant),
        *_bad_tokens(issuer, tenant),
    ]


async def _bad_keys(ports: Ports, tenant: str) -> list[Caller]:
    admin = keys.NewKey(name="bad", scopes=(Scope.ADMIN_ALL,))
    past = datetime.now(UTC) - timedelta(seconds=1)
    good = (await keys.issue(ports, tenant, "test", admin)).token
    expired = await keys.issue(ports, tenant, "test", replace(admin, expires_at=past))
    revoked = await keys.issue(ports, tenant, "test", admin)
    owner = Principal(tenant_id=tenant, id="key:test", scopes=EVERY_SCOPE)
    await key_changes.revoke(ports, owner, revoked.key.value.id)
    id_ = good.split("_")[1]
    return [
        Caller("expired key", _key(expired.token)),
        Caller("revoked key", _key(revoked.token)),
        Caller("unknown key id", _key(key_text.mint("0" * len(id_)))),
        Caller("wrong secret", _key(key_text.mint(id_))),
        Caller("wrong checksum", _key(good[:-1] + ("0" if good[-1] != "0" else "1"))),
        Caller("text rotated away", _key(await _rotated(ports, owner, admin))),
    ]


async def _rotated(ports: Ports, owner: Principal, wanted: keys.NewKey) -> str:
    """Return a key's text that does not work any more."""
    issued = await keys.issue(ports, owner.tenant_id, "test", wanted)
    await key_changes.rotate(ports, owner, issued.key.value.id, timedelta(0))
    return issued.token


def _bad_tokens(issuer: DevIssuer, tenant: str) -> list[Caller]:
    admin: dict[str, Any] = {"tid": tenant, "sub": "admin", "roles": ["admin"]}
    elsewhere = DevIssuer("http://127.0.0.1:1")
    forger = DevIssuer(issuer.url)
    forger._key_id = issuer._key_id
    unsigned = {**admin, "iss": issuer.url, "aud": AUDIENCE, "exp": int(time.time()) + 600}
    none = jwt.encode(unsigned, "", algorithm="none", headers={"kid": issuer._key_id})
    return [
        Caller("token of an issuer that is not trusted", _bearer(elsewhere.token(admin))),
        Caller("token signed with another key", _bearer(forger.token(admin))),
        Caller("token for another audience", _bearer(issuer.token({**admin, "aud": "other"}))),
        Caller("expired token", _bearer(issuer.token({**admin, "exp": 1}))),
        Caller("unsigned token", _bearer(none)),
        Caller("token of no known tenant", _bearer(issuer.token({**admin, "tid": "ten_x"}))),
    ]


def _key(token: str) -> dict[str, str]:
    return {"X-API-Key": token}


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}
