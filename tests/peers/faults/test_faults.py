"""The proxy itself: whether each fault is what it is called, seen from a plain client."""

import http.server
import secrets
import threading
import time
from collections.abc import Iterator

import httpx2
import pytest

from tests.peers.fixtures import faults, faults_peer
from tests.peers.programs import free_port
from tests.peers.proxying import Faults

__all__ = ["faults", "faults_peer"]
BODY = b"x" * 100_000
MUCH = BODY * 200  # three hundred parts and more


class Plain(http.server.BaseHTTPRequestHandler):
    """Answers with many bytes."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.send_response(200)
        body = MUCH if self.path == "/much" else BODY
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        taken = self.rfile.read(int(self.headers["content-length"]))
        self.send_response(200)
        self.send_header("content-length", "3")
        self.end_headers()
        self.wfile.write(b"%03d" % (len(taken) % 1000))

    def log_message(self, format: str, *_: object) -> None:  # noqa: A002
        """Say nothing."""


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    serving = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Plain)
    serving.daemon_threads = True
    thread = threading.Thread(target=serving.serve_forever, args=(0.05,))
    thread.start()
    yield f"http://127.0.0.1:{serving.server_address[1]}/"
    serving.shutdown()
    thread.join()
    serving.server_close()


@pytest.fixture
def name() -> str:
    return secrets.token_hex(4)


@pytest.fixture
def url(faults: Faults, server: str, name: str) -> str:
    return faults.front(name, server)


def get(url: str, timeout_s: float = 60) -> httpx2.Response:
    return httpx2.get(url, timeout=timeout_s)


def seconds(url: str) -> float:
    begun = time.monotonic()
    assert get(url).content == BODY
    return time.monotonic() - begun


def test_without_faults_everything_passes(url: str) -> None:
    assert get(url).content == BODY
    assert httpx2.post(url, content=b"1234567", timeout=60).text == "007"


def test_latency_delays_every_answer_but_not_each_part_of_it(
    faults: Faults, url: str, name: str
) -> None:
    faults.poison(name, "latency", latency=300, jitter=50)
    begun = time.monotonic()
    assert get(f"{url}much").content == MUCH
    assert 0.25 <= time.monotonic() - begun < 0.3 * len(MUCH) / 65_536 / 2
    assert faults.hits(name)["latency_downstream"] >= 1


def test_a_narrow_band_takes_its_time(faults: Faults, url: str, name: str) -> None:
    faults.poison(name, "bandwidth", rate=200)  # kB/s: half a second
    assert seconds(url) >= 0.4


def test_a_stream_is_cut_after_so_many_bytes(faults: Faults, url: str, name: str) -> None:
    faults.poison(name, "limit_data", bytes=50_000)
    taken: list[bytes] = []
    with (
        pytest.raises((httpx2.RemoteProtocolError, httpx2.ReadError)),
        httpx2.stream("GET", url, timeout=60) as answer,
    ):
        taken.extend(answer.iter_raw())
    assert sum(map(len, taken)) <= 50_000


def test_a_reset_is_a_reset(faults: Faults, url: str, name: str) -> None:
    faults.poison(name, "reset_peer", stream="upstream", timeout=0)
    with pytest.raises(httpx2.ReadError):
        get(url)


def test_a_black_hole_swallows_open_connections_too_until_it_is_closed(
    faults: Faults, url: str, name: str
) -> None:
    with httpx2.Client(timeout=60) as client:
        assert client.get(url).content == BODY
        faults.poison(name, "timeout", timeout=0)
        with pytest.raises(httpx2.ReadTimeout):
            client.get(url, timeout=0.3)
        faults.cure(name, "timeout_downstream")
        assert client.get(url).content == BODY


def test_a_hole_with_a_bottom_drops_the_connection(faults: Faults, url: str, name: str) -> None:
    faults.poison(name, "timeout", stream="upstream", timeout=100)
    with pytest.raises((httpx2.ReadError, httpx2.RemoteProtocolError)):
        get(url)


def test_a_canned_answer_comes_instead_and_hears_the_request_out(
    faults: Faults, url: str, name: str
) -> None:
    headers = {"retry-after": "7"}
    faults.poison(name, "http", status=429, headers=headers, body='{"a":1}', path="^POST")
    for _ in range(2):
        answer = httpx2.post(url, content=b"x" * 1_000_000, timeout=60)
        assert (answer.status_code, answer.headers["retry-after"]) == (429, "7")
        assert answer.json() == {"a": 1}
    assert get(url).content == BODY  # not for this request
    assert faults.hits(name)["http_upstream"] == 2


def test_what_strikes_by_chance_strikes_now_and_then(faults: Faults, url: str, name: str) -> None:
    faults.poison(name, "http", status=503, toxicity=0.5)
    found: set[int] = set()
    while len(found) < 2:
        found.add(get(url).status_code)
    assert found == {200, 503}


def test_a_disabled_proxy_refuses_and_comes_back_on_its_port(
    faults: Faults, url: str, name: str
) -> None:
    with httpx2.Client(timeout=60) as client:
        assert client.get(url).content == BODY
        faults.enable(name, enabled=False)
        with pytest.raises(httpx2.TransportError):
            client.get(url)
        with pytest.raises(httpx2.ConnectError):
            get(url)
        faults.enable(name, enabled=True)
        assert client.get(url).content == BODY


def test_a_reset_of_all_ends_every_fault(faults: Faults, url: str, name: str) -> None:
    faults.poison(name, "http", status=503)
    faults.enable(name, enabled=False)
    faults.reset()
    assert get(url).content == BODY


def test_a_peer_that_is_gone_looks_gone(faults: Faults, name: str) -> None:
    with pytest.raises(httpx2.TransportError):
        get(faults.front(name, f"http://127.0.0.1:{free_port()}/"))


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"kind": "gremlin"}, "is none of latency, bandwidth"),
        ({"kind": "http", "stream": "downstream"}, "does not work on stream"),
        ({"kind": "latency", "stream": "sideways"}, "does not work on stream"),
        ({"kind": "latency", "toxicity": 0.5}, "strikes always"),
        ({"kind": "latency", "latency": "long"}, "is a number"),
    ],
)
def test_a_fault_that_makes_no_sense_is_refused(
    faults: Faults, server: str, name: str, said: dict[str, str], why: str
) -> None:
    faults.front(name, server)
    with pytest.raises(ValueError, match=why):
        faults.poison(name, **said)
