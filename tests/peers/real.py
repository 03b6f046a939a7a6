"""Real services of Azure, for those who have some: named by the environment, else not run."""

import os
from collections.abc import Mapping

# What names a real service, by what the contracts call it.
REAL: Mapping[str, tuple[str, ...]] = {
    "storage account": ("EVA_STORAGE_CONNECTION_STRING",),
    "cosmos account": ("EVA_COSMOS_ENDPOINT", "EVA_COSMOS_KEY"),
    "openai resource": (
        "EVA_OPENAI_ENDPOINT",
        "EVA_OPENAI_KEY",
        "EVA_OPENAI_DEPLOYMENT",
        "EVA_OPENAI_EMBEDDING_DEPLOYMENT",
    ),
    "key vault": ("EVA_KEY_VAULT_URL",),
}


def unnamed(service: str) -> list[str]:
    """Return the variables that a run on the real service lacks."""
    return [variable for variable in REAL[service] if not os.environ.get(variable)]


def choices(*peers: str, real: str) -> tuple[str, ...]:
    """Return what a contract runs on: the peers, and the real service if it is named."""
    return peers if unnamed(real) else (*peers, real)
