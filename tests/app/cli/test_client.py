import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from app.cli.client import Client, _events
from app.cli.refusal import RefusedError
from app.settings import ClientSettings


class Gateway(ThreadingHTTPServer):
    """Something between us and the service: it answers as scripted."""

    daemon_threads = True

    def __init__(self, script: list[tuple[int, dict[str, str], bytes]]) -> None:
        super().__init__(("127.0.0.1", 0), Scripted)
        self.script = script
        self.seen: list[tuple[str, str | None, bytes]] = []


class Scripted(BaseHTTPRequestHandler):
    server: Gateway

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.seen.append((self.path, self.headers["Idempotency-Key"], body))
        status, headers, content = self.server.script.pop(0)
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(content))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    with Gateway([]) as served:
        thread = threading.Thread(target=served.serve_forever, args=(0.01,))
        thread.start()
        yield served
        served.shutdown()
        thread.join()


def a_client(gateway: Gateway) -> Client:
    return Client(ClientSettings(url=f"http://127.0.0.1:{gateway.server_port}", api_key="k"))


def test_a_busy_server_is_asked_again_with_the_same_idempotency_key(gateway: Gateway) -> None:
    busy = (503, {"Retry-After": "0"}, b"")
    gateway.script = [busy, (429, {"Retry-After": "0"}, b""), (200, {}, b'{"id": "x"}')]
    with a_client(gateway) as client:
        assert client.call("POST", "/p", json={"a": 1}) == {"id": "x"}
    assert len(gateway.seen) == 3
    assert len({(key, body) for _, key, body in gateway.seen}) == 1
    assert gateway.seen[0][1]


def test_a_server_that_stays_busy_is_given_up(gateway: Gateway) -> None:
    gateway.script = [(503, {"Retry-After": "0"}, b"")] * 9
    with a_client(gateway) as client, pytest.raises(RefusedError) as caught:
        client.call("POST", "/p", json={})
    assert caught.value.status == 503
    assert len(gateway.seen) == 5


@pytest.mark.parametrize("pause", ["3600", "Wed, 21 Oct 2026 07:28:00 GMT", "soon"])
def test_a_long_or_unclear_pause_is_not_waited_for(gateway: Gateway, pause: str) -> None:
    gateway.script = [(503, {"Retry-After": pause}, b"")]
    with a_client(gateway) as client, pytest.raises(RefusedError, match="503"):
        client.call("POST", "/p", json={})
    assert len(gateway.seen) == 1


def test_a_problem_is_told_whole(gateway: Gateway) -> None:
    problem = (
        b'{"title": "Invalid input", "detail": "No.", "code": "invalid-input", '
        b'"request_id": "r1", "errors": [{"pointer": "/name", "detail": "too long"}]}'
    )
    gateway.script = [(422, {"Content-Type": "application/problem+json"}, problem)]
    with a_client(gateway) as client, pytest.raises(RefusedError) as caught:
        client.call("POST", "/p", json={})
    assert str(caught.value).splitlines() == [
        "Invalid input: No.",
        "  /name: too long",
        "  (invalid-input, request r1)",
    ]


def test_an_answer_that_is_no_problem_is_still_told(gateway: Gateway) -> None:
    gateway.script = [(502, {"X-Request-Id": "r2"}, b"<html>")]
    with a_client(gateway) as client, pytest.raises(RefusedError) as caught:
        client.call("POST", "/p", json={})
    assert (caught.value.code, caught.value.request_id) == ("http-502", "r2")


def test_events_are_read_as_they_are_written() -> None:
    lines = [": alive", "", "id: 1", "event: status", 'data: {"a":', "data: 1}", "", "data: {}", ""]
    assert list(_events(iter(lines))) == [("status", {"a": 1}), ("message", {})]
