"""Running the peer: in a thread beside tests, or as a program of its own (`python -m …`)."""

import contextlib
import socket
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import uvicorn

from tests.peers.cosmos.accounts import KEY
from tests.peers.cosmos.peer import Peer

START_S = 30
OPTIONS: Mapping[str, Any] = {  # of uvicorn: nothing that costs time and that nobody looks at
    "lifespan": "off",
    "ws": "none",
    "access_log": False,
    "proxy_headers": False,
    "server_header": False,
    "date_header": False,
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
        server.config.app = made[0]
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
