"""The issuers of the Microsoft identity platform, as its documentation describes them.

Tenants are named by their GUID, in lower case as tokens write it. `here` is the tenant that they
are in this service; without it, the GUID itself. The addresses were not tried against the real
platform; a discovery document that says otherwise is refused, and the log says so.
"""

from collections.abc import Mapping

from app.adapters.oidc.issuers import TENANT, WELL_KNOWN, IssuerConfig

_ENTRA = "https://login.microsoftonline.com"


def entra(tenant_id: str, audience: str, *, here: str | None = None) -> IssuerConfig:
    """Entra ID, v2.0 tokens; the audience is the API's client id."""
    return IssuerConfig(
        issuer=f"{_ENTRA}/{tenant_id}/v2.0",
        audiences=frozenset({audience}),
        tenants={tenant_id: here or tenant_id},
        subject_claim="oid",
    )


def entra_v1(tenant_id: str, *audiences: str, here: str | None = None) -> IssuerConfig:
    """Entra ID, v1.0 tokens: what an API gets whose manifest does not ask for version 2.

    The audience is the API's client id or its Application ID URI, as clients ask for it.
    """
    return IssuerConfig(
        issuer=f"https://sts.windows.net/{tenant_id}/",
        discovery=f"{_ENTRA}/{tenant_id}{WELL_KNOWN}",
        audiences=frozenset(audiences),
        tenants={tenant_id: here or tenant_id},
        subject_claim="oid",
    )


def entra_many(tenants: Mapping[str, str], audience: str) -> IssuerConfig:
    """Entra ID for a multi-tenant API; only the tenants listed (GUID to name here) are let in."""
    return IssuerConfig(
        issuer=f"{_ENTRA}/{TENANT}/v2.0",
        discovery=f"{_ENTRA}/organizations/v2.0{WELL_KNOWN}",
        audiences=frozenset({audience}),
        tenants=tenants,
        subject_claim="oid",
    )


def external_id(
    tenant_name: str, tenant_id: str, audience: str, *, here: str | None = None
) -> IssuerConfig:
    """Entra External ID: the document's host has the tenant's name, the issuer's host its id."""
    return IssuerConfig(
        issuer=f"https://{tenant_id}.ciamlogin.com/{tenant_id}/v2.0",
        discovery=f"https://{tenant_name}.ciamlogin.com/{tenant_id}/v2.0{WELL_KNOWN}",
        audiences=frozenset({audience}),
        tenants={tenant_id: here or tenant_id},
        subject_claim="oid",
    )


def b2c(
    tenant_name: str, tenant_id: str, policy: str, audience: str, *, here: str | None = None
) -> IssuerConfig:
    """One policy (user flow) of an existing Azure AD B2C tenant.

    Its tokens need not name the tenant; the issuer serves just one. All policies share the
    issuer, so that a token of another policy is refused by its `tfp` or `acr` claim.
    """
    place = f"https://{tenant_name}.b2clogin.com"
    return IssuerConfig(
        issuer=f"{place}/{tenant_id}/v2.0/",
        discovery=f"{place}/{tenant_name}.onmicrosoft.com/{policy}/v2.0{WELL_KNOWN}",
        audiences=frozenset({audience}),
        tenants={tenant_id: here or tenant_id},
        tenant_claim=None,
        policy=policy,
    )
