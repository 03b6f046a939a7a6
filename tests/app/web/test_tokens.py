"""Access tokens of a trusted issuer work wherever API keys do, and mean what they claim."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest

from app.adapters.oidc.dev_issuer import AUDIENCE, DevIssuer, running
from app.core.models import DEFAULT_TENANT
from app.settings import Settings, SettingsError
from tests.app.web import house as opening
from tests.app.web.house import API, House


@pytest.fixture
async def issuer() -> AsyncIterator[DevIssuer]:
    async with running("127.0.0.1", 0, environment="development") as found:
        yield found


@pytest.fixture
async def trusting(issuer: DevIssuer, tmp_path: Path) -> AsyncIterator[House]:
    """A service that trusts the issuer for the default tenant."""
    trust = [
        {
            "issuer": issuer.url,
            "audiences": [AUDIENCE],
            "tenants": {DEFAULT_TENANT: DEFAULT_TENANT},
        }
    ]
    env = {"EVA_DATA_DIR": str(tmp_path / "data"), "EVA_OIDC_ISSUERS": json.dumps(trust)}
    async with opening.opened(Settings.load(env)) as found:
        yield found


async def holder(house: House, issuer: DevIssuer, **claims: object) -> httpx2.AsyncClient:
    token = issuer.token({"tid": DEFAULT_TENANT, **claims})
    return await house.anybody({"Authorization": f"Bearer {token}"})


async def test_a_role_gives_its_scopes(trusting: House, issuer: DevIssuer) -> None:
    manager = await holder(trusting, issuer, sub="m", roles=["manager"])
    reader = await holder(trusting, issuer, sub="r", roles=["reader"])
    made = await manager.post(f"{API}/spaces", json={"name": "x"})
    assert made.status_code == 201
    assert (await reader.get(f"{API}/spaces/{made.json()['id']}")).status_code == 200
    refused = await reader.post(f"{API}/spaces", json={"name": "y"})
    assert (refused.status_code, refused.json()["code"]) == (403, "insufficient-scope")


async def test_tokens_and_keys_of_one_tenant_see_the_same(
    trusting: House, issuer: DevIssuer
) -> None:
    key = await trusting.client()
    made = await key.post(f"{API}/spaces", json={"name": "x"})
    token = await holder(trusting, issuer, sub="r", scp="spaces:read")
    assert (await token.get(f"{API}/spaces")).json()["items"][0]["id"] == made.json()["id"]


@pytest.mark.parametrize(
    "claims",
    [
        {"tid": "ten_other", "roles": ["admin"]},
        {"aud": "another-api", "roles": ["admin"]},
        {"exp": 1, "roles": ["admin"]},
    ],
    ids=["another tenant", "another audience", "expired"],
)
async def test_a_bad_token_is_refused_without_saying_why(
    trusting: House, issuer: DevIssuer, claims: dict[str, object]
) -> None:
    bad = await holder(trusting, issuer, sub="x", **claims)
    nobody = await trusting.anybody({"Authorization": "Bearer nonsense"})
    refused, plain = await bad.get(f"{API}/spaces"), await nobody.get(f"{API}/spaces")
    assert refused.status_code == plain.status_code == 401
    same = ("type", "title", "status", "detail", "code")
    assert {n: refused.json()[n] for n in same} == {n: plain.json()[n] for n in same}


async def test_without_a_trusted_issuer_only_keys_are_credentials(
    house: House, issuer: DevIssuer
) -> None:
    stranger = await holder(house, issuer, sub="x", roles=["admin"])
    assert (await stranger.get(f"{API}/spaces")).status_code == 401


@pytest.mark.parametrize(
    "raw", ["{}", "[3]", '[{"issuer": "x"}]', "[", '[{"issuer": "x", "audiences": "a"}]']
)
def test_a_malformed_list_of_issuers_stops_the_start(raw: str) -> None:
    with pytest.raises(SettingsError, match="EVA_OIDC_ISSUERS"):
        Settings.load({"EVA_OIDC_ISSUERS": raw})


def test_half_of_an_entra_tenant_stops_the_start() -> None:
    with pytest.raises(SettingsError, match="go together"):
        Settings.load({"AZURE_ENTRA_TENANT_ID": "t"})
