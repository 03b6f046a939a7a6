"""What is promised of secrets, on the stand-in and in a real vault (where it makes one)."""

import os
import secrets
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from app.adapters.azure.credentials import open_identity
from app.adapters.azure.vault import Vault, VaultPlace, open_vault
from app.core.errors import UnavailableError
from tests.peers.programs import Running
from tests.peers.real import REAL, choices
from tests.peers.vaults import trusting

REAL_VAULT = "key vault"


@pytest.fixture(params=choices("vault peer", real=REAL_VAULT))
async def kept(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Vault]:
    """A vault that may be written to."""
    if request.param == REAL_VAULT:
        place = VaultPlace(url=os.environ[REAL[REAL_VAULT][0]], timeout_s=30)
    else:
        peer: Running = request.getfixturevalue("vault")
        folder: Path = request.getfixturevalue("vault_folder")
        for variable, value in trusting(folder, peer).items():
            monkeypatch.setenv(variable, value)
        place = VaultPlace(url=peer.url, certificates=folder / "vault.pem")
    async with open_identity(developer=True) as identity, open_vault(place, identity) as opened:
        yield opened


async def test_a_secret_is_its_newest_version_once_the_old_one_was_refused(kept: Vault) -> None:
    name = f"eva-contract-{secrets.token_hex(4)}"
    late = Vault(kept._client, ttl_s=0)
    try:
        await kept._client.set_secret(name, "first")
        assert (await kept.read(name), await late.read(name)) == ("first", "first")
        await kept._client.set_secret(name, "second")
        assert (await kept.read(name), await late.read(name)) == ("first", "second")
    finally:
        await kept._client.delete_secret(name)


async def test_a_secret_that_was_never_kept_is_unavailable(kept: Vault) -> None:
    with pytest.raises(UnavailableError) as caught:
        await kept.read("eva-contract-never")
    assert caught.value.facts["dependency"] == "vault"
