"""`python -m tests.peers.cosmos PORT FILE`: the peer as a program, until it is told to end."""

import sys
from typing import Any, cast

import uvicorn

from tests.peers.cosmos.accounts import KEY
from tests.peers.cosmos.peer import Peer
from tests.peers.cosmos.running import OPTIONS


def main() -> None:
    """Serve on 127.0.0.1."""
    port, path = int(sys.argv[1]), sys.argv[2]
    peer = Peer(path)
    print(f"http://127.0.0.1:{port} key {KEY}", flush=True)  # noqa: T201
    try:
        application = cast("Any", peer)  # of `Connection`, no ASGI
        uvicorn.run(application, host="127.0.0.1", port=port, log_level="warning", **OPTIONS)
    finally:
        peer.store.close()


if __name__ == "__main__":
    main()
