"""How trust in an issuer is described, and what is refused as a description."""

from typing import Any

import pytest

from app.adapters.oidc import IssuerConfig, microsoft
from app.adapters.oidc.issuers import WELL_KNOWN

GUID = "11111111-2222-3333-4444-555555555555"
OTHER = "99999999-2222-3333-4444-555555555555"


def described(**changes: Any) -> IssuerConfig:
    usual: dict[str, Any] = {
        "issuer": "https://login.example/realm",
        "audiences": frozenset({"api"}),
        "tenants": {"a": "ten_a"},
    }
    return IssuerConfig(**{**usual, **changes})


def test_the_document_is_at_the_well_known_address_unless_told() -> None:
    expected = "https://login.example/realm/.well-known/openid-configuration"
    assert described().discovery == expected
    assert described(issuer="https://login.example/realm/").discovery == expected
    assert described(discovery="https://d.example/x").discovery == "https://d.example/x"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"issuer": "http://login.example"}, "not an https address"),
        ({"issuer": "http://127.0.0.1:1"}, "not an https address"),
        ({"issuer": "http://login.example", "loopback": True}, "not an https address"),
        ({"issuer": "http://127.0.0.1.example", "loopback": True}, "not an https address"),
        ({"issuer": "file:///etc/passwd", "loopback": True}, "not an https address"),
        ({"issuer": "https:///path"}, "not an https address"),
        ({"issuer": "https://user@login.example"}, "user or a fragment"),
        ({"issuer": "https://login.example#x"}, "user or a fragment"),
        ({"discovery": "http://login.example/d"}, "not an https address"),
        ({"issuer": "https://login.example/{tenantid}"}, "address of its document"),
        ({"audiences": frozenset()}, "needs an audience"),
        ({"audiences": frozenset({""})}, "needs an audience"),
        ({"clock_skew_s": 301}, "clock skew"),
        ({"clock_skew_s": -1}, "clock skew"),
        ({"tenants": {}}, "needs the tenants"),
        ({"tenants": {"a": "../b"}}, "cannot be the name of a tenant"),
        ({"tenants": {"": "ten_a"}}, "cannot be the name of a tenant"),
        ({"tenant_claim": None, "tenants": {"a": "ten_a", "b": "ten_b"}}, "several tenants"),
        (
            {
                "tenant_claim": None,
                "issuer": "https://x/{tenantid}",
                "discovery": "https://x/common",
            },
            "several tenants",
        ),
    ],
)
def test_a_description_that_would_trust_too_much_is_refused(
    changes: dict[str, Any], reason: str
) -> None:
    with pytest.raises(ValueError, match=reason):
        described(**changes)


@pytest.mark.parametrize("host", ["127.0.0.1:1", "[::1]:1", "localhost:1", "127.9.9.9:1"])
def test_plain_http_is_for_this_machine_and_when_asked_for(host: str) -> None:
    assert described(issuer=f"http://{host}", loopback=True).issuer == f"http://{host}"


def test_a_template_is_one_issuer_for_each_tenant() -> None:
    config = microsoft.entra_many({GUID: "ten_a", OTHER: "ten_b"}, "client")
    assert [(trust.issuer, dict(trust.tenants)) for trust in config.trusts()] == [
        (f"https://login.microsoftonline.com/{GUID}/v2.0", {GUID: "ten_a"}),
        (f"https://login.microsoftonline.com/{OTHER}/v2.0", {OTHER: "ten_b"}),
    ]


@pytest.mark.parametrize(
    ("config", "issuer", "discovery"),
    [
        (
            microsoft.entra(GUID, "client"),
            f"https://login.microsoftonline.com/{GUID}/v2.0",
            f"https://login.microsoftonline.com/{GUID}/v2.0/.well-known/openid-configuration",
        ),
        (
            microsoft.entra_v1(GUID, "client", "api://eva"),
            f"https://sts.windows.net/{GUID}/",
            f"https://login.microsoftonline.com/{GUID}/.well-known/openid-configuration",
        ),
        (
            microsoft.external_id("contoso", GUID, "client"),
            f"https://{GUID}.ciamlogin.com/{GUID}/v2.0",
            f"https://contoso.ciamlogin.com/{GUID}/v2.0/.well-known/openid-configuration",
        ),
        (
            microsoft.b2c("contoso", GUID, "B2C_1_in", "client"),
            f"https://contoso.b2clogin.com/{GUID}/v2.0/",
            "https://contoso.b2clogin.com/contoso.onmicrosoft.com/B2C_1_in/v2.0" + WELL_KNOWN,
        ),
    ],
)
def test_the_issuers_of_the_microsoft_platform_are_where_it_documents_them(
    config: IssuerConfig, issuer: str, discovery: str
) -> None:
    assert (config.issuer, config.discovery) == (issuer, discovery)
    assert config.tenants == {GUID: GUID}
    assert not config.loopback


def test_a_tenant_may_have_its_own_name_here() -> None:
    assert microsoft.entra(GUID, "client", here="ten_default").tenants == {GUID: "ten_default"}
