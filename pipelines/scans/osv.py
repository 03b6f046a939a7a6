"""The OSV interface on a loopback port, over a folder of advisories: scanning without a network."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from pipelines.scans.advisories import Advisories, Advisory

MOST_BYTES = 8_000_000


class _Handler(BaseHTTPRequestHandler):
    advisories: Advisories

    def do_GET(self) -> None:
        """Answer `/v1/vulns/{id}`."""
        found = self.advisories.by_id.get(self.path.rpartition("/")[2])
        self._send(404 if found is None else 200, found or {"code": 5, "message": "not found"})

    def do_POST(self) -> None:
        """Answer `/v1/query` with whole advisories, `/v1/querybatch` with their ids."""
        asked = json.loads(self.rfile.read(min(int(self.headers["Content-Length"]), MOST_BYTES)))
        if self.path.endswith("/querybatch"):
            short = [
                [{"id": made["id"], "modified": made["modified"]} for made in self._found(query)]
                for query in asked["queries"]
            ]
            self._send(200, {"results": [{"vulns": vulns} if vulns else {} for vulns in short]})
        else:
            found = self._found(asked)
            self._send(200, {"vulns": found} if found else {})

    def _found(self, query: dict[str, Any]) -> list[Advisory]:
        return self.advisories.concerning(query["package"]["name"], query["version"])

    def _send(self, status: int, body: object) -> None:
        sent = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(sent)))
        self.end_headers()
        self.wfile.write(sent)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        """Keep quiet: the scanners' own output is the report."""


@contextmanager
def served(advisories: Advisories) -> Iterator[str]:
    """Serve the interface on a free loopback port while the block runs; yields its address."""
    handler = type("Handler", (_Handler,), {"advisories": advisories})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()
