"""Peers as fixtures: each is started when first asked for, once for each test process."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.peers import node
from tests.peers.azurite import azurite as azurite_program
from tests.peers.cosmos import running as cosmos
from tests.peers.models import models as models_program
from tests.peers.programs import Running, running
from tests.peers.proxying import Faults
from tests.peers.proxying import faults as faults_program
from tests.peers.vaults import vault as vault_program
from tests.peers.vercel import vercel as vercel_program


@pytest.fixture(scope="session")
def node_programs() -> None:
    """The programs that are installed by npm."""
    if why := node.missing():
        pytest.skip(why)
    node.install()


@pytest.fixture(scope="session")
def azurite(
    node_programs: None,  # noqa: ARG001 - it has to be there
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Running]:
    """Blob and Queue Storage."""
    with running(azurite_program(), tmp_path_factory.mktemp("azurite")) as peer:
        yield peer


@pytest.fixture(scope="session")
def cosmos_peer() -> Iterator[cosmos.Running]:
    """Cosmos DB, as we read its protocol."""
    with cosmos.running() as peer:
        yield peer


@pytest.fixture(scope="session")
def vercel(
    node_programs: None,  # noqa: ARG001 - it has to be there
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Running]:
    """Cosmos DB, as others read its protocol."""
    with running(vercel_program(), tmp_path_factory.mktemp("vercel")) as peer:
        yield peer


@pytest.fixture(scope="session")
def models(
    node_programs: None,  # noqa: ARG001 - it has to be there
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Running]:
    """Azure OpenAI."""
    with running(models_program(), tmp_path_factory.mktemp("models")) as peer:
        yield peer


@pytest.fixture(scope="session")
def faults_peer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Faults]:
    """Whatever can go wrong between us and other peers."""
    with running(faults_program(), tmp_path_factory.mktemp("faults")) as peer:
        yield Faults(peer.url)


@pytest.fixture
def faults(faults_peer: Faults) -> Iterator[Faults]:
    """Proxies without faults to begin with."""
    yield faults_peer
    faults_peer.reset()


@pytest.fixture(scope="session")
def vault_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the vault's certificate is."""
    return Path(tmp_path_factory.mktemp("vault"))


@pytest.fixture(scope="session")
def vault(vault_folder: Path) -> Iterator[Running]:
    """Key Vault, and a managed identity."""
    with running(vault_program(vault_folder), vault_folder) as peer:
        yield peer
