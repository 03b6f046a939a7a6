"""Which issuers are trusted, for which tenants, and where their keys are found."""

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from app.core.identity import Trust

TENANT = "{tenantid}"  # as the tenant-independent documents of Entra ID write it
WELL_KNOWN = "/.well-known/openid-configuration"

_TENANT_HERE = re.compile(r"[a-z0-9][a-z0-9_-]{0,99}", re.ASCII)  # it names places in stores


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuerConfig:
    """An issuer that the operator trusts; ValueError says what is wrong with a description.

    `issuer` is what tokens and the discovery document must say, character by character. It may
    hold `{tenantid}`: then each tenant of `tenants` is one issuer, and its tokens must name just
    that tenant. For `tenants`, `tenant_claim` and `subject_claim` see `core.identity.Trust`.
    `policy` keeps an issuer to tokens of one B2C policy (a user flow), which each have their own
    discovery document. `loopback` allows plain HTTP on this machine, for development.
    """

    issuer: str
    audiences: frozenset[str]
    tenants: Mapping[str, str]
    discovery: str = ""  # empty: the issuer's well-known address
    tenant_claim: str | None = "tid"
    subject_claim: str = "sub"
    policy: str | None = None
    clock_skew_s: int = 60
    loopback: bool = False

    def __post_init__(self) -> None:
        if not self.discovery:
            object.__setattr__(self, "discovery", self.issuer.rstrip("/") + WELL_KNOWN)
        require_address(self.issuer, loopback=self.loopback)
        require_address(self.discovery, loopback=self.loopback)
        if TENANT in self.discovery:
            raise ValueError("an issuer of many tenants needs the address of its document")
        if not self.audiences or not all(self.audiences):
            raise ValueError(f"{self.issuer} needs an audience")
        if not 0 <= self.clock_skew_s <= 300:  # noqa: PLR2004 - five minutes, the usual most
            raise ValueError("the clock skew is 0 to 300 seconds")
        self._check_tenants()

    def _check_tenants(self) -> None:
        if not self.tenants:
            raise ValueError(f"{self.issuer} needs the tenants that it may speak for")
        if self.tenant_claim is None and (len(self.tenants) != 1 or TENANT in self.issuer):
            raise ValueError(f"{self.issuer} serves several tenants: name the claim that tells")
        for named, here in self.tenants.items():
            if not named or not _TENANT_HERE.fullmatch(here):
                raise ValueError(f"{here!r} cannot be the name of a tenant")

    @property
    def many(self) -> bool:
        """Whether one document, and one set of keys, serves several issuers."""
        return TENANT in self.issuer

    def trusts(self) -> tuple[Trust, ...]:
        """Return what each concrete issuer's word is worth."""
        if not self.many:
            return (self._trust(self.issuer, self.tenants),)
        return tuple(
            self._trust(self.issuer.replace(TENANT, named), {named: here})
            for named, here in self.tenants.items()
        )

    def _trust(self, issuer: str, tenants: Mapping[str, str]) -> Trust:
        return Trust(
            issuer=issuer,
            tenants=tenants,
            tenant_claim=self.tenant_claim,
            subject_claim=self.subject_claim,
        )


def require_address(address: object, *, loopback: bool) -> str:
    """Return an https address without user or fragment; with `loopback` also http on this machine.

    Raises ValueError.
    """
    if not isinstance(address, str):
        raise ValueError("an address is missing")  # noqa: TRY004 - a document's content
    parts = urlsplit(address)
    plain = loopback and parts.scheme == "http" and is_loopback(parts.hostname or "")
    if not (plain or parts.scheme == "https") or not parts.hostname:
        raise ValueError(f"{address!r:.200} is not an https address")
    if parts.username is not None or parts.fragment:
        raise ValueError(f"{address!r:.200} holds a user or a fragment")
    return address


def is_loopback(host: str) -> bool:
    """Whether a host is this machine, by address or as `localhost`."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
