"""`python -m tests.peers.faults PORT`: the proxies as a program, until it is told to end."""

import asyncio
import socket
import sys

import uvicorn

from tests.peers.faults.api import Api


async def main(port: int) -> None:
    """Serve the interface on 127.0.0.1; port 0 takes a free one."""
    api = Api()
    listener = socket.create_server(("127.0.0.1", port))
    config = uvicorn.Config(
        api.application(), log_level="warning", lifespan="off", access_log=False, ws="none"
    )
    print(f"faults at http://127.0.0.1:{listener.getsockname()[1]}", flush=True)  # noqa: T201
    try:
        await uvicorn.Server(config).serve(sockets=[listener])
    finally:
        await api.close()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
