"""Clients that are slow, endless, compressed or not even HTTP, on a real socket."""

import gzip
import json
import socket
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.app.cli.serving import Served, serving

HEAD_S, PAUSE_S, PACE = 0.6, 0.6, 2000
LONG_S = 45  # far beyond every bound here, far below the client's own patience
PATIENCE_S = 90


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A service that waits for a head for long, and for a body shortly."""
    settings = {
        "EVA_HEAD_TIMEOUT_S": str(PATIENCE_S),
        "EVA_BODY_PAUSE_S": str(PAUSE_S),
        "EVA_BODY_PACE": str(PACE),
        "EVA_WORKER": "off",
    }
    with serving(tmp_path_factory.mktemp("slow"), **settings) as found:
        yield found


@pytest.fixture(scope="module")
def hasty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A service that waits shortly for a head."""
    settings = {"EVA_HEAD_TIMEOUT_S": str(HEAD_S), "EVA_WORKER": "off"}
    with serving(tmp_path_factory.mktemp("hasty"), **settings) as found:
        yield found


@pytest.fixture
def line(served: Served) -> Iterator[socket.socket]:
    with closing(connected(served)) as found:
        yield found


def connected(served: Served) -> socket.socket:
    place = urlsplit(served.url)
    assert place.hostname
    assert place.port
    return socket.create_connection((place.hostname, place.port), timeout=PATIENCE_S)


def saying(served: Served, said: bytes) -> socket.socket:
    """Connect and send this in time: not where this process stood still in between."""
    while True:
        begun = time.monotonic()
        line = connected(served)
        line.sendall(said)
        if time.monotonic() - begun < HEAD_S / 2:
            return line
        line.close()


def trickled(line: socket.socket, piece: bytes) -> bytes:
    """Send this again and again, and return what comes at last."""
    until = time.monotonic() + LONG_S
    line.settimeout(0.1)
    while time.monotonic() < until:
        with suppress(TimeoutError):
            if came := line.recv(65536):
                return came
        with suppress(ConnectionError):  # closed already: what it said is there to be read
            line.sendall(piece)
    raise AssertionError("nothing came")


def everything(line: socket.socket) -> bytes:
    """Return what comes until the other side closes."""
    came = b""
    while True:
        try:
            more = line.recv(65536)
        except ConnectionResetError:
            return came
        if not more:
            return came
        came += more


def one_answer(line: socket.socket) -> tuple[int, dict[str, Any]]:
    """Return the status and the JSON of the first answer."""
    came = b""
    while b"\r\n\r\n" not in came:
        came += line.recv(65536)
    head, _, body = came.partition(b"\r\n\r\n")
    length = next(
        int(one.partition(b":")[2])
        for one in head.split(b"\r\n")
        if one.lower().startswith(b"content-length:")
    )
    while len(body) < length:
        body += line.recv(65536)
    return int(head.split()[1]), json.loads(body[:length])


def posting(served: Served, *headers: str) -> bytes:
    said = [
        "POST /api/v1/spaces HTTP/1.1",
        "host: 127.0.0.1",
        "content-type: application/json",
        f"x-api-key: {served.token}",
        *headers,
    ]
    return "\r\n".join(said).encode() + b"\r\n\r\n"


def test_a_head_that_comes_byte_by_byte_is_cut_off_with_a_problem(hasty: Served) -> None:
    with closing(saying(hasty, b"GET /livez HTTP/1.1\r\nhost: x\r\n")) as line:
        came = trickled(line, b"x-slow: 1\r\n")
        assert came.startswith(b"HTTP/1.1 408 ")
        assert b"application/problem+json" in came
        assert b'"code":"slow-request"' in came
        line.settimeout(PATIENCE_S)
        assert everything(line) == b""


@pytest.mark.parametrize("said", [b"", b"\r\n"], ids=["nothing", "an empty line"])
def test_a_connection_that_asks_nothing_is_closed(hasty: Served, said: bytes) -> None:
    with closing(connected(hasty)) as line:
        begun = time.monotonic()
        line.sendall(said)
        everything(line)
        assert time.monotonic() - begun < LONG_S


def test_a_kept_connection_does_not_wait_for_a_second_head_for_ever(hasty: Served) -> None:
    with closing(saying(hasty, b"GET /livez HTTP/1.1\r\nhost: x\r\n\r\n")) as line:
        assert one_answer(line)[0] == 200
        begun = time.monotonic()
        line.sendall(b"GET /livez HT")
        assert b'"code":"slow-request"' in everything(line)
        assert time.monotonic() - begun < LONG_S


def test_a_head_without_end_is_refused_by_its_size(line: socket.socket) -> None:
    line.sendall(b"GET /livez HTTP/1.1\r\nhost: x\r\n")
    came = b""
    try:
        for n in range(200):
            line.sendall(b"x-%d: %s\r\n" % (n, b"y" * 1000))
    except (ConnectionResetError, BrokenPipeError):
        pass
    came = everything(line)
    assert came == b"" or (b" 431 " in came and b'"code":"head-too-large"' in came)


def test_a_head_just_below_the_bound_is_read(line: socket.socket) -> None:
    fill = b"".join(b"x-%d: %s\r\n" % (n, b"y" * 1000) for n in range(60))
    line.sendall(b"GET /livez HTTP/1.1\r\nhost: x\r\n" + fill + b"\r\n")
    assert one_answer(line)[0] == 200


def test_what_is_not_http_gets_a_problem(line: socket.socket) -> None:
    line.sendall(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 hello tls\r\n\r\n")
    came = everything(line)
    assert came.startswith(b"HTTP/1.1 400 ")
    assert b'"code":"bad-request"' in came


def test_a_body_that_pauses_too_long_is_refused(line: socket.socket, served: Served) -> None:
    line.sendall(posting(served, "content-length: 100") + b'{"name":')
    status, told = one_answer(line)
    assert (status, told["code"]) == (408, "slow-request")
    everything(line)  # the connection is closed, not kept for the rest of the body


def test_a_body_that_trickles_without_pausing_is_refused(
    line: socket.socket, served: Served
) -> None:
    begun = time.monotonic()
    line.sendall(posting(served, "content-length: 100000"))
    assert trickled(line, b" ").startswith(b"HTTP/1.1 408 ")
    assert time.monotonic() - begun >= PAUSE_S


@pytest.mark.parametrize("encoding", ["gzip", "br", "deflate, gzip"])
def test_a_compressed_body_is_not_unpacked(
    line: socket.socket, served: Served, encoding: str
) -> None:
    body = gzip.compress(b'{"name": "Bomb", "description": "' + b"0" * 10_000_000 + b'"}')
    line.sendall(
        posting(served, f"content-length: {len(body)}", f"content-encoding: {encoding}") + body
    )
    status, told = one_answer(line)
    assert (status, told["code"]) == (415, "unsupported-encoding")


def test_a_body_that_says_that_it_is_not_compressed_is_read(
    line: socket.socket, served: Served
) -> None:
    line.sendall(
        posting(served, "content-length: 14", "content-encoding: identity") + b'{"name": "No"}'
    )
    assert one_answer(line)[0] == 201


def test_a_chunked_body_of_unknown_transfer_coding_is_not_http(
    line: socket.socket, served: Served
) -> None:
    line.sendall(posting(served, "transfer-encoding: gzip") + b"xx")
    came = everything(line)
    assert came.split()[1] in (b"400", b"408"), came


def test_the_head_of_an_answer_comes_with_its_body(line: socket.socket) -> None:
    for _ in range(20):
        line.sendall(b"GET /livez HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n")
        came = line.recv(65536)
        head, _, body = came.partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200 ")
        assert body.endswith(b"}"), "in the same packet"
