"""What is accepted, by whom it is said, and for how long it is remembered."""

import time
from dataclasses import replace
from typing import Any

import pytest

from app.adapters.oidc import IssuerConfig, OidcVerifier, open_verifier
from app.core.errors import UnavailableError
from app.core.identity import Refusal
from app.core.models import Scope
from tests.app.adapters.oidc.publisher import DISCOVERY, KEYS, PATIENT, Publisher, publishing
from tests.app.adapters.oidc.refusing import refusal
from tests.app.adapters.oidc.signer import AUDIENCE, TENANT, Signer, published, rsa_key


@pytest.mark.parametrize("alg", ["RS256", "ES256"])
async def test_a_token_of_a_trusted_issuer_tells_who_holds_it(
    verifier: OidcVerifier, signer: Signer, alg: str
) -> None:
    found = await verifier.verify(signer.token(alg=alg, scp="spaces:read documents:read"))
    assert found.tenant_id == TENANT
    assert found.id.endswith(":someone")
    assert found.scopes == {Scope.SPACES_READ, Scope.DOCUMENTS_READ}
    assert found.space_ids is None


@pytest.mark.parametrize(
    ("claim", "seconds"),
    [("exp", -30), ("exp", 60.5), ("nbf", 30), ("iat", 30)],
)
async def test_clocks_may_differ_a_little(
    verifier: OidcVerifier, signer: Signer, claim: str, seconds: float
) -> None:
    changed: dict[str, Any] = {claim: time.time() + seconds}
    assert (await verifier.verify(signer.token(**changed))).tenant_id == TENANT


@pytest.mark.parametrize("claims", [{"aud": ["api://other", AUDIENCE]}, {"nonce": "n"}], ids=str)
async def test_what_the_standards_allow_is_accepted(
    verifier: OidcVerifier, signer: Signer, claims: dict[str, Any]
) -> None:
    assert (await verifier.verify(signer.token(**claims))).tenant_id == TENANT


@pytest.mark.parametrize("kind", ["at+jwt", "application/at+jwt", "AT+JWT", "JWT", "jwt"])
async def test_either_type_of_access_token_is_accepted(
    verifier: OidcVerifier, signer: Signer, kind: str
) -> None:
    assert (await verifier.verify(signer.token(headers={"typ": kind}))).tenant_id == TENANT


@pytest.mark.parametrize(
    "claims",
    [
        {"scp": "spaces:read", "azp": "web", "ver": "2.0", "roles": ["reader"]},
        {"scp": "spaces:read", "nonce": "defaultNonce", "azp": "web", "tfp": "B2C_1_in"},
        {"scp": "", "azp": "daemon", "roles": ["reader"]},
        {"scp": "", "appid": "daemon", "roles": ["reader"], "ver": "1.0"},
    ],
    ids=["Entra ID, user", "B2C, user", "Entra ID, application", "Entra ID v1, application"],
)
async def test_an_access_token_of_the_older_type_is_told_by_its_claims(
    verifier: OidcVerifier, signer: Signer, claims: dict[str, Any]
) -> None:
    found = await verifier.verify(signer.entra(**claims))
    assert Scope.SPACES_READ in found.scopes


async def test_a_repeated_token_is_remembered(verifier: OidcVerifier, signer: Signer) -> None:
    token = signer.token()
    first = await verifier.verify(token)
    assert await verifier.verify(token) is first
    assert token not in repr(vars(verifier._verified))


async def test_a_token_that_was_refused_is_not_remembered(
    verifier: OidcVerifier, signer: Signer
) -> None:
    await refusal(verifier, signer.token(aud="api://other"))
    assert len(verifier._verified) == 0


async def test_a_remembered_token_falls_with_its_key(
    verifier: OidcVerifier, signer: Signer, publisher: Publisher
) -> None:
    token = signer.token()
    await verifier.verify(token)
    newer = Signer(issuer=signer.issuer, rsa_1=rsa_key("newer"))
    publisher.publish({"keys": [published(newer.rsa_1, "rsa-2")]})
    await verifier.verify(newer.token(headers={"kid": "rsa-2"}))
    assert await refusal(verifier, token) == Refusal.UNKNOWN_KEY


async def test_a_tenants_issuer_speaks_for_no_other_tenant(
    config: IssuerConfig, signer: Signer
) -> None:
    async with publishing() as elsewhere:
        other = Signer(issuer=elsewhere.url, rsa_1=rsa_key("other"))
        elsewhere.publish(other.key_set())
        theirs = replace(config, issuer=other.issuer, discovery="", tenants={"ten_b": "ten_b"})
        async with open_verifier([config, theirs], PATIENT) as verifier:
            assert (await verifier.verify(other.token(tid="ten_b"))).tenant_id == "ten_b"
            assert await refusal(verifier, other.token()) == Refusal.FOREIGN_TENANT
            # The same key id, at two issuers: each key is looked for at its own.
            forged = replace(other, issuer=signer.issuer).token()
            assert await refusal(verifier, forged) == Refusal.SIGNATURE


async def test_the_same_subject_of_two_issuers_is_two_principals(
    config: IssuerConfig, signer: Signer
) -> None:
    async with publishing() as elsewhere:
        other = Signer(issuer=elsewhere.url)
        elsewhere.publish(other.key_set())
        second = replace(config, issuer=other.issuer, discovery="")
        async with open_verifier([config, second], PATIENT) as verifier:
            one = await verifier.verify(signer.token())
            two = await verifier.verify(other.token())
    assert one.tenant_id == two.tenant_id
    assert one.id != two.id


def many(publisher: Publisher, **tenants: str) -> IssuerConfig:
    return IssuerConfig(
        issuer=publisher.url + "/{tenantid}/v2.0",
        discovery=publisher.url + "/organizations" + DISCOVERY,
        audiences=frozenset({AUDIENCE}),
        tenants=tenants,
        loopback=True,
    )


async def test_an_issuer_of_many_tenants_lets_in_those_listed(publisher: Publisher) -> None:
    config = many(publisher, guid_a="ten_a", guid_b="ten_b")
    signers = {name: Signer(issuer=f"{publisher.url}/guid_{name}/v2.0") for name in "abc"}
    keys = signers["a"].key_set()
    publisher.publish(keys, issuer=config.issuer, at="/organizations" + DISCOVERY)
    async with open_verifier([config], PATIENT) as verifier:
        for name in "ab":
            token = signers[name].token(tid=f"guid_{name}")
            assert (await verifier.verify(token)).tenant_id == f"ten_{name}"
        crossed = signers["a"].token(tid="guid_b")
        assert await refusal(verifier, crossed) == Refusal.FOREIGN_TENANT
        unlisted = signers["c"].token(tid="guid_c")
        assert await refusal(verifier, unlisted) == Refusal.UNKNOWN_ISSUER
        literal = Signer(issuer=config.issuer).token(tid="{tenantid}")
        assert await refusal(verifier, literal) == Refusal.UNKNOWN_ISSUER
    assert publisher.asked == ["/organizations" + DISCOVERY, KEYS]


@pytest.mark.parametrize(
    ("scope", "served"),
    [
        ("https://login.example/{tenantid}/v2.0", True),
        ("https://login.example/guid_a/v2.0", True),
        ("https://login.example/guid_b/v2.0", False),
        (None, True),
        (5, False),
    ],
)
async def test_a_key_kept_to_one_tenant_signs_for_no_other(
    publisher: Publisher, scope: object, served: object
) -> None:
    config = many(publisher, guid_a="ten_a")
    signer = Signer(issuer=f"{publisher.url}/guid_a/v2.0")
    key = published(signer.rsa_1, "rsa-1", issuer=scope)
    publisher.publish({"keys": [key]}, issuer=config.issuer, at="/organizations" + DISCOVERY)
    async with open_verifier([config], PATIENT) as verifier:
        token = signer.token(tid="guid_a")
        if served:
            assert (await verifier.verify(token)).tenant_id == "ten_a"
        else:
            assert await refusal(verifier, token) == Refusal.WRONG_KEY


async def test_a_policy_is_held_to_its_own_tokens_and_keys(
    publisher: Publisher, config: IssuerConfig
) -> None:
    signer = Signer(issuer=publisher.url)
    publisher.publish(at="/b2c_1_in" + DISCOVERY)
    at = publisher.url + "/b2c_1_in" + DISCOVERY
    strict = replace(
        config, discovery=at, policy="B2C_1_in", tenant_claim=None, tenants={"guid": "ten_a"}
    )
    async with open_verifier([strict], PATIENT) as verifier:
        assert (await verifier.verify(signer.token(tfp="b2c_1_IN"))).tenant_id == "ten_a"
        assert (await verifier.verify(signer.token(acr="b2c_1_in"))).tenant_id == "ten_a"
        weaker = signer.token(tfp="b2c_1_without_mfa", acr="b2c_1_in")
        assert await refusal(verifier, weaker) == Refusal.UNKNOWN_ISSUER
        assert await refusal(verifier, signer.token()) == Refusal.UNKNOWN_ISSUER


async def test_one_issuer_is_not_described_twice(config: IssuerConfig) -> None:
    with pytest.raises(ValueError, match="described twice"):
        async with open_verifier([config, config]):
            pass


async def test_without_keys_no_one_is_let_in_and_no_one_is_blamed(
    publisher: Publisher, signer: Signer, config: IssuerConfig
) -> None:
    publisher.pages.clear()
    async with open_verifier([config], replace(PATIENT, pause=30)) as verifier:
        with pytest.raises(UnavailableError) as refused:
            await verifier.verify(signer.token())
        assert refused.value.facts == {"dependency": "identity-provider", "retry_after": 30}
        with pytest.raises(UnavailableError):
            await verifier.check()


async def test_the_check_finds_keys_that_can_be_had(
    verifier: OidcVerifier, publisher: Publisher
) -> None:
    await verifier.check()
    assert publisher.asked == [DISCOVERY, KEYS]
