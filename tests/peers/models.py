"""Azure OpenAI's stand-in: see `models.mjs` for what it can be told to do."""

from tests.peers.node import HERE
from tests.peers.programs import Program

KEY = "any"  # it is not checked
CHAT = "chat"
EMBEDDING = "embedding"
DIMENSIONS = 256


def models(port: int = 0) -> Program:
    """Answer chat and embeddings; port 0 takes a free one."""
    return Program(
        name="models",
        command=["node", HERE / "models.mjs", str(port)],
        ready={"models": r'\{"models":"(http://[^"]+)"\}'},
    )
