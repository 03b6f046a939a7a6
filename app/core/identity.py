"""What a verified access token means: whose it is, in which tenant, and what it may do.

Names of claims follow RFC 9068 (JWT access tokens), OpenID Connect Core, and the claims reference
of the Microsoft identity platform. Whether a token is genuine is for an adapter to find out.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from app.core.access import Principal
from app.core.errors import UnauthenticatedError
from app.core.models import Scope
from app.core.roles import ROLES


class Refusal(StrEnum):
    """Why a token was refused: the `reason` of UnauthenticatedError."""

    OVERSIZED = "oversized"
    MALFORMED = "malformed"
    FORBIDDEN_HEADER = "forbidden-header"  # one that names keys or changes the format
    WRONG_TYPE = "wrong-type"
    ALGORITHM = "algorithm"
    KEY_ID = "key-id"
    UNKNOWN_ISSUER = "unknown-issuer"
    UNKNOWN_KEY = "unknown-key"
    WRONG_KEY = "wrong-key"  # the issuer has this key, but not for this algorithm or tenant
    SIGNATURE = "signature"
    MISSING_CLAIM = "missing-claim"
    EXPIRED = "expired"
    NOT_YET_VALID = "not-yet-valid"
    AUDIENCE = "audience"
    NOT_FOR_ACCESS = "id-token"
    NO_TENANT = "no-tenant"
    FOREIGN_TENANT = "foreign-tenant"
    SUBJECT = "subject"


class TokenVerifier(Protocol):
    """Tells who holds an access token."""

    async def verify(self, token: str) -> Principal:
        """Return the principal; UnauthenticatedError with a Refusal as its reason.

        UnavailableError when the issuer's keys have never been read, or not for too long.
        """


_SCOPES: Mapping[str, Scope] = {scope.value: scope for scope in Scope}
_SUBJECT = re.compile(r"[!-~]{1,255}", re.ASCII)  # OpenID Connect Core, section 2: 255 ASCII
_BOUND_TO_A_LOGIN = ("at_hash", "c_hash", "s_hash")  # OpenID Connect Core, section 3.3.2.11
_CLIENTS = ("azp", "appid", "client_id")


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """What an issuer's word is worth here.

    `tenants` maps each tenant that the issuer may speak for, as its tokens name it, to the tenant
    it is here. A `tenant_claim` of None means that the issuer serves one tenant and its tokens do
    not name it; `tenants` then has one value. `subject_claim` names the holder for good: an
    issuer that lets holders choose a claim's value must not have it named here.
    """

    issuer: str
    tenants: Mapping[str, str]
    tenant_claim: str | None = "tid"
    subject_claim: str = "sub"


def principal_of(claims: Mapping[str, object], trust: Trust) -> Principal:
    """Return who the verified claims of an access token speak of; UnauthenticatedError.

    The id tells issuers apart, since two of them may know different people by one subject.
    """
    subject = claims.get(trust.subject_claim)
    if not isinstance(subject, str) or not _SUBJECT.fullmatch(subject):
        raise UnauthenticatedError(Refusal.SUBJECT)
    issuer = hashlib.sha256(trust.issuer.encode()).hexdigest()[:12]
    return Principal(
        tenant_id=_tenant(claims, trust), id=f"oidc:{issuer}:{subject}", scopes=scopes_of(claims)
    )


def _tenant(claims: Mapping[str, object], trust: Trust) -> str:
    if trust.tenant_claim is None:
        [tenant] = trust.tenants.values()
        return tenant
    named = claims.get(trust.tenant_claim)
    if not isinstance(named, str) or not named:
        raise UnauthenticatedError(Refusal.NO_TENANT)
    if named not in trust.tenants:
        raise UnauthenticatedError(Refusal.FOREIGN_TENANT)
    return trust.tenants[named]


def scopes_of(claims: Mapping[str, object]) -> frozenset[Scope]:
    """Return what the token allows; scopes and roles that are not ours are passed over.

    Scopes say what the holder lets a client do, roles what the holder may do: where a token
    carries both, the client may do what is in both.
    """
    granted = frozenset(_SCOPES[name] for name in _words(claims, "scp") if name in _SCOPES)
    held = frozenset[Scope]().union(*(ROLES.get(name, ()) for name in _words(claims, "roles")))
    if granted and held:
        return _both(granted, held)
    return granted | held


def _both(one: frozenset[Scope], other: frozenset[Scope]) -> frozenset[Scope]:
    """Return what both allow; `admin:all` allows everything."""
    if Scope.ADMIN_ALL in one:
        return other
    if Scope.ADMIN_ALL in other:
        return one
    return one & other


def _words(claims: Mapping[str, object], name: str) -> list[str]:
    """Return a claim that is a list of strings, or one string with spaces between them."""
    value = claims.get(name)
    if isinstance(value, str):
        return value.split()
    return [word for word in value if isinstance(word, str)] if isinstance(value, list) else []


def require_access_token(type_: str, claims: Mapping[str, object]) -> None:
    """Raise UnauthenticatedError if the claims are those of an ID token; `type_` in lower case.

    RFC 9068 tokens say what they are. Entra ID, External ID and Azure AD B2C mark both kinds of
    token `JWT`, and an application that is client and API at once is the audience of both; so
    the claims decide. `scp` is in users' access tokens only; `nonce` is no evidence beside it,
    since B2C copies it into access tokens. Without `scp` an application speaks for itself: it
    has `roles` (as users' ID tokens may) and names the client (as these ID tokens do not).
    """
    if type_ == "at+jwt":
        return
    identity = claims.get("typ") == "ID" or any(name in claims for name in _BOUND_TO_A_LOGIN)
    user = bool(_words(claims, "scp"))
    application = "nonce" not in claims and any(name in claims for name in _CLIENTS)
    if identity or not (user or (application and _words(claims, "roles"))):
        raise UnauthenticatedError(Refusal.NOT_FOR_ACCESS)
