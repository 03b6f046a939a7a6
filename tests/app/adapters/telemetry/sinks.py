"""Where signals arrive in tests: an ingestion endpoint as Azure Monitor has, and a collector."""

import contextlib
import gzip
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Sink:
    """Keeps what it is sent. Until `open` is set it answers nobody; `status` is its answer."""

    port: int = 0
    status: int = 200
    bodies: list[tuple[str, bytes]] = field(default_factory=list)
    open: threading.Event = field(default_factory=threading.Event)
    arrived: threading.Event = field(default_factory=threading.Event)

    @property
    def connection(self) -> str:
        """A connection string that leads here."""
        address = f"http://127.0.0.1:{self.port}/"
        key = "00000000-0000-0000-0000-000000000001"
        return f"InstrumentationKey={key};IngestionEndpoint={address};LiveEndpoint={address}"

    @property
    def envelopes(self) -> list[dict[str, Any]]:
        """What Azure Monitor was sent."""
        found: list[dict[str, Any]] = []
        for path, body in self.bodies:
            if path.endswith("/track"):
                found += json.loads(body)
        return found

    def data(self, kind: str) -> list[dict[str, Any]]:
        """The data of all envelopes of a kind, each with the tags of its envelope."""
        return [
            {**one["data"]["baseData"], "tags": one["tags"], "sampleRate": one.get("sampleRate")}
            for one in self.envelopes
            if one["data"]["baseType"] == kind
        ]


def _handler(sink: Sink) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.headers.get("Content-Encoding") == "gzip":
                body = gzip.decompress(body)
            sink.arrived.set()
            sink.open.wait(20)
            if sink.status == 200:
                sink.bodies.append((self.path, body))
            told = b""
            if self.path.endswith("/track"):
                count = len(json.loads(body))
                accepted = {"itemsReceived": count, "itemsAccepted": count, "errors": []}
                told = json.dumps(accepted).encode()
            with contextlib.suppress(OSError):
                self.send_response(sink.status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(told)))
                self.end_headers()
                self.wfile.write(told)

        def log_message(self, *_: object) -> None:
            pass

    return Handler


@contextlib.contextmanager
def listening(*, answers: bool = True) -> Iterator[Sink]:
    """Listen for the duration of the context."""
    sink = Sink()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(sink))
    server.daemon_threads = True
    sink.port = server.server_address[1]
    if answers:
        sink.open.set()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield sink
    finally:
        sink.open.set()
        server.shutdown()
        thread.join()
        server.server_close()
