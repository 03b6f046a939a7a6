"""Running the peer: in a thread beside tests, or as a program of its own (`python -m …`)."""

import contextlib
import socket
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

import uvicorn

from tests.peers.cosmos.accounts import KEY
from tests.peers.cosmos.connection import Connection
from tests.peers.cosmos.peer import Peer

START_S = 30
OPTIONS: Mapping[str, Any] = {  # of uvicorn
    "http": Connection,
    "interface": "asgi3",
    "proxy_headers": False,
    "lifespan": "off",
    "ws": "none",
}


@dataclass(frozen=True)
class Running:
    """A peer that listens."""

    endpoint: str
    key: str
    peer: Peer


@contextlib.contextmanager
def running(path: str = ":memory:", *, consistency: str = "Strong") -> Iterator[Running]:
    """Serve an account on a free port of this machine."""
    listener = socket.create_server(("127.0.0.1", 0))
    started = threading.Event()
    made: list[Peer] = []
    server = uvicorn.Server(uvicorn.Config("", log_config=None, **OPTIONS))

    def serve() -> None:
        made.append(Peer(path, consistency))  # SQLite belongs to this thread
        server.config.app = cast("Any", made[0])  # of `Connection`, no ASGI
        started.set()
        server.run(sockets=[listener])
        made[0].store.close()

    thread = threading.Thread(target=serve, name="cosmos-peer")
    thread.start()
    try:
        assert started.wait(START_S)
        yield Running(f"http://127.0.0.1:{listener.getsockname()[1]}", KEY, made[0])
    finally:
        server.should_exit = True
        thread.join()
