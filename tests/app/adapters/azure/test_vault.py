"""Secrets from a vault over TLS, with the token of a managed identity."""

import ssl
from pathlib import Path

import httpx2
import pytest

from app.adapters.azure.credentials import open_identity
from app.adapters.azure.models import ChatComposer, ModelResource, open_client
from app.adapters.azure.vault import TTL_S, Vault, VaultPlace, open_vault
from app.core.errors import SetupError, UnavailableError
from app.core.ports import Found, Material
from tests.app.adapters.azure.conftest import opened
from tests.app.core.passages import ranked
from tests.clock import Clock
from tests.peers.proxying import Faults
from tests.peers.vaults import fill


async def test_a_secret_is_read_with_the_token_of_a_managed_identity(
    found: Vault, trusted: str, vault_folder: Path, name: str
) -> None:
    fill(vault_folder, trusted, **{name: "first"})
    assert await found.read(name) == "first"


async def test_without_a_token_the_vault_says_nothing(
    trusted: str, vault_folder: Path, name: str
) -> None:
    fill(vault_folder, trusted, **{name: "first"})
    trust = ssl.create_default_context(cafile=str(vault_folder / "vault.pem"))
    asked = httpx2.get(f"{trusted}/secrets/{name}?api-version=7.6", verify=trust, timeout=60)
    assert (asked.status_code, "first" in asked.text) == (401, False)


async def test_a_rotated_secret_is_seen_when_the_old_one_has_been_known_long_enough(
    found: Vault, trusted: str, vault_folder: Path, name: str, seconds: Clock
) -> None:
    fill(vault_folder, trusted, **{name: "first"})
    await found.read(name)
    fill(vault_folder, trusted, **{name: "second"})
    seconds.now += TTL_S - 1
    assert await found.read(name) == "first"
    seconds.now += 1
    assert await found.read(name) == "second"


async def test_a_refused_secret_is_read_anew_but_not_over_and_over(
    found: Vault, trusted: str, vault_folder: Path, name: str, seconds: Clock
) -> None:
    fill(vault_folder, trusted, **{name: "first"})
    await found.read(name)
    fill(vault_folder, trusted, **{name: "second"})
    found.refused(name)
    assert await found.read(name) == "first"  # it is only just known
    seconds.now += 10
    found.refused(name)
    assert await found.read(name) == "second"


async def test_while_the_vault_is_down_a_secret_is_what_it_was(
    trusted: str, vault_folder: Path, name: str, seconds: Clock, faults: Faults
) -> None:
    front = faults.front(name, trusted)
    fill(vault_folder, trusted, **{name: "first"})
    async with opened(vault_folder, front, seconds) as found:
        await found.read(name)
        faults.enable(name, enabled=False)
        seconds.now += TTL_S
        assert await found.read(name) == "first"
        with pytest.raises(UnavailableError) as caught:
            await found.read("never-read")
    assert caught.value.facts["dependency"] == "vault"


async def test_a_secret_that_is_not_there_is_named_unavailable(found: Vault) -> None:
    with pytest.raises(UnavailableError) as caught:
        await found.read("nothing")
    assert caught.value.facts["dependency"] == "vault"


async def test_a_vault_elsewhere_that_asks_for_another_audience_gets_no_token(
    trusted: str, vault_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = VaultPlace(url=trusted, certificates=vault_folder / "vault.pem")
    monkeypatch.setattr(VaultPlace, "here", property(lambda _: False))
    async with open_identity() as identity, open_vault(place, identity) as suspicious:
        with pytest.raises(SetupError, match="does not match the requested domain"):
            await suspicious.read("any")


async def test_a_model_gets_the_key_of_the_day(
    found: Vault, trusted: str, vault_folder: Path, name: str, seconds: Clock
) -> None:
    sent: list[str] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        sent.append(request.headers["authorization"])
        return httpx2.Response(401, json={"error": {"code": "401"}})

    fill(vault_folder, trusted, **{name: "first"})
    resource = ModelResource(endpoint="http://127.0.0.1:9", key=found.getter(name))
    found_nothing = Found(terms=(), candidates=(), passages_searched=0)
    material = Material(
        question="?", language="en", found=found_nothing, ranked=(ranked("A passage."),)
    )
    async with open_client(resource) as client:
        client._client._transport = httpx2.MockTransport(answer)
        composer = ChatComposer(client=client, deployment="chat")
        for _ in range(2):
            with pytest.raises(UnavailableError):
                await anext(aiter(composer.compose(material)))
            fill(vault_folder, trusted, **{name: "second"})
            seconds.now += 10
    assert sent == ["Bearer first", "Bearer second"]
