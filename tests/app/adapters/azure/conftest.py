from tests.peers.fixtures import (
    azurite,
    faults,
    faults_peer,
    models,
    node_programs,
    vault,
    vault_folder,
)

__all__ = [
    "azurite",
    "faults",
    "faults_peer",
    "models",
    "node_programs",
    "vault",
    "vault_folder",
]
