"""An independent server of Cosmos DB's protocol: a second opinion where its own gaps allow one."""

from tests.peers.node import MODULES
from tests.peers.programs import Program

KEY = "YW55"  # it is not checked


def vercel(port: int = 0) -> Program:
    """Answer on a port; 0 takes a free one."""
    return Program(
        name="cosmosdb-server",
        command=[
            "node",
            MODULES / ".bin" / "cosmosdb-server",
            *("-p", str(port), "--host", "127.0.0.1", "--no-ssl"),
        ],
        ready={"cosmos": r"connections at 127\.0\.0\.1:(\d+)"},
    )
