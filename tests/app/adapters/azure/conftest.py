"""The peers that stand in for Azure's services, and a vault whose secrets rotate."""

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from app.adapters.azure.credentials import open_identity
from app.adapters.azure.vault import Vault, VaultPlace, open_vault
from tests.clock import Clock
from tests.peers.fixtures import (
    azurite,
    cosmos_peer,
    faults,
    faults_peer,
    models,
    node_programs,
    vault,
    vault_folder,
)
from tests.peers.programs import Running
from tests.peers.vaults import trusting

__all__ = [
    "azurite",
    "cosmos_peer",
    "faults",
    "faults_peer",
    "models",
    "node_programs",
    "vault",
    "vault_folder",
]


@pytest.fixture
def seconds() -> Clock:
    return Clock()


@pytest.fixture
def name() -> str:
    return f"key{secrets.token_hex(4)}"


@asynccontextmanager
async def opened(folder: Path, url: str, seconds: Clock) -> AsyncIterator[Vault]:
    place = VaultPlace(url=url, certificates=folder / "vault.pem")
    async with open_identity() as identity, open_vault(place, identity) as vault:
        yield Vault(vault._client, clock=seconds)


@pytest.fixture
def trusted(vault: Running, vault_folder: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The vault's address, from where it is trusted."""
    for variable, value in trusting(vault_folder, vault).items():
        monkeypatch.setenv(variable, value)
    return vault.url


@pytest.fixture
async def found(trusted: str, vault_folder: Path, seconds: Clock) -> AsyncIterator[Vault]:
    async with opened(vault_folder, trusted, seconds) as vault:
        yield vault
