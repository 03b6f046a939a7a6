"""Who holds an access token: the `TokenVerifier` of OpenID Connect issuers."""

import time
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import httpx2
import jwt

from app.adapters.oidc.fetching import Place
from app.adapters.oidc.issuers import TENANT, IssuerConfig
from app.adapters.oidc.keys import SigningKey
from app.adapters.oidc.reading import Unverified, read, require_size
from app.adapters.oidc.source import KeySource, Timing
from app.adapters.oidc.verified import Verified, VerifiedTokens
from app.core.access import Principal
from app.core.errors import UnauthenticatedError
from app.core.identity import Refusal, Trust, principal_of, require_access_token

_REQUIRED = ["exp", "iss", "aud", "sub"]
# In this order: some of these are kinds of later ones.
_REASONS: Sequence[tuple[type[jwt.PyJWTError], Refusal]] = (
    (jwt.InvalidSignatureError, Refusal.SIGNATURE),
    (jwt.ExpiredSignatureError, Refusal.EXPIRED),
    (jwt.ImmatureSignatureError, Refusal.NOT_YET_VALID),
    (jwt.MissingRequiredClaimError, Refusal.MISSING_CLAIM),
    (jwt.InvalidAudienceError, Refusal.AUDIENCE),
    (jwt.exceptions.InvalidSubjectError, Refusal.SUBJECT),
)


@dataclass(frozen=True, slots=True)
class Trusted:
    """One concrete issuer, with the keys that it signs with."""

    trust: Trust
    config: IssuerConfig
    source: KeySource


class OidcVerifier:
    """A `TokenVerifier` over the issuers given; no two may be alike in issuer and policy."""

    def __init__(self, trusted: Iterable[Trusted]) -> None:
        self._verified = VerifiedTokens()
        self._trusted: dict[tuple[object, str | None], Trusted] = {}
        for one in trusted:
            policy = one.config.policy
            key = (one.trust.issuer, policy and policy.casefold())
            if key in self._trusted:
                raise ValueError(f"{one.trust.issuer} is described twice")
            self._trusted[key] = one

    async def verify(self, token: str) -> Principal:
        """Return who holds the token; see `TokenVerifier`."""
        require_size(token)
        verified = self._verified.find(token, time.time())
        if verified is None:
            verified = await self._verify(token)
            self._verified.keep(token, verified)
        return verified.principal

    async def check(self) -> None:
        """Raise UnavailableError if the keys of an issuer cannot be had."""
        for one in self._trusted.values():
            await one.source.current()

    async def _verify(self, token: str) -> Verified:
        said = read(token)
        one = self._named(said.claims)
        keys = await one.source.holding(said.key_id)
        claims = _claims(token, _key(keys.get(said.key_id), said, one), one)
        require_access_token(said.type, claims)
        principal = principal_of(claims, one.trust)
        return Verified(principal, _expiry(claims), one.source, keys)

    def _named(self, claims: Mapping[str, object]) -> Trusted:
        """Return the issuer that a token names; what it says is believed only once verified."""
        if "iss" not in claims:
            raise UnauthenticatedError(Refusal.MISSING_CLAIM)
        issuer, policy = claims["iss"], claims.get("tfp", claims.get("acr"))
        found = None
        if isinstance(issuer, str):
            if isinstance(policy, str):
                found = self._trusted.get((issuer, policy.casefold()))
            found = found or self._trusted.get((issuer, None))
        if found is None:
            raise UnauthenticatedError(Refusal.UNKNOWN_ISSUER)
        return found


def _key(key: SigningKey | None, said: Unverified, one: Trusted) -> SigningKey:
    """Return the key if it may sign this token."""
    if key is None:
        raise UnauthenticatedError(Refusal.UNKNOWN_KEY)
    if key.algorithm != said.algorithm or not _serves(key, one):
        raise UnauthenticatedError(Refusal.WRONG_KEY)
    return key


def _serves(key: SigningKey, one: Trusted) -> bool:
    """Whether a key from a document for all tenants of Entra ID is for this one.

    Documented: a key says whose it is, by a tenant's issuer or a template for every tenant.
    """
    if not one.config.many or key.issuer is None:
        return True
    [tenant] = one.trust.tenants
    return isinstance(key.issuer, str) and not {TENANT, tenant}.isdisjoint(key.issuer.split("/"))


def _claims(token: str, key: SigningKey, one: Trusted) -> Mapping[str, object]:
    """Return the claims, signature and standard claims checked by PyJWT; UnauthenticatedError."""
    try:
        return jwt.decode(
            token,
            key.jwk,
            algorithms=[key.algorithm],
            issuer=one.trust.issuer,
            audience=one.config.audiences,
            leeway=one.config.clock_skew_s,
            options={"require": _REQUIRED},
        )
    except jwt.PyJWTError as error:
        reasons = (reason for kind, reason in _REASONS if isinstance(error, kind))
        raise UnauthenticatedError(next(reasons, Refusal.MALFORMED)) from None


def _expiry(claims: Mapping[str, object]) -> float:
    """Return `exp`; PyJWT would also have taken a number in a string."""
    expiry = claims["exp"]
    if isinstance(expiry, bool) or not isinstance(expiry, int | float):
        raise UnauthenticatedError(Refusal.MALFORMED)
    return expiry


@asynccontextmanager
async def open_verifier(
    issuers: Iterable[IssuerConfig], timing: Timing | None = None
) -> AsyncIterator[OidcVerifier]:
    """Open a verifier; nothing is asked of an issuer before its first token comes.

    ValueError if two descriptions are of one issuer (and policy).
    """
    timing = timing or Timing()
    async with AsyncExitStack() as stack:
        client = await stack.enter_async_context(
            httpx2.AsyncClient(timeout=timing.patience, follow_redirects=False)
        )
        trusted = []
        for config in issuers:
            place = Place(
                discovery=config.discovery, issuer=config.issuer, loopback=config.loopback
            )
            source = KeySource(client, place, timing)
            stack.push_async_callback(source.aclose)
            trusted += [Trusted(trust, config, source) for trust in config.trusts()]
        yield OidcVerifier(trusted)
