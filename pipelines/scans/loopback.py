"""A small JSON service on a free port of this machine, for as long as a scanner needs it."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

MOST_BYTES = 8_000_000
Answer = Callable[[str, Any], tuple[int, Any]]


class _Handler(BaseHTTPRequestHandler):
    answer: Answer

    def do_GET(self) -> None:
        """Answer by the address alone."""
        self._send(*self.answer(self._url, None))

    def do_HEAD(self) -> None:
        """Answer as GET does, without the body."""
        self._send(*self.answer(self._url, None))

    def do_POST(self) -> None:
        """Answer by the address and the JSON that was sent."""
        length = min(int(self.headers["Content-Length"]), MOST_BYTES)
        self._send(*self.answer(self._url, json.loads(self.rfile.read(length))))

    @property
    def _url(self) -> str:
        return f"http://{self.headers['Host']}{self.path}"

    def _send(self, status: int, body: object) -> None:
        sent = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(sent)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(sent)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        """Keep quiet: the scanners' own output is what matters."""


@contextmanager
def served(answer: Answer) -> Iterator[str]:
    """Serve while the block runs; `answer` gets the address asked and the body. Yields where."""
    handler = type("Handler", (_Handler,), {"answer": staticmethod(answer)})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()
