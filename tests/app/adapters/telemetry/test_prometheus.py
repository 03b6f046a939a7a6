import asyncio
import socket

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.adapters.telemetry import prometheus
from app.adapters.telemetry.meters import Meters


def held() -> Meters:
    made = Meters()
    made.count("eva.requests", {"class": "read", "outcome": "ok"}, 3)
    made.observe("http.server.request.duration", {"http.route": "/a"}, [0.02])
    made.observe("http.server.request.duration", {"http.route": "/a"}, [3])
    made.gauge("process.memory.usage", {}, 1e8)
    return made


def test_metrics_are_spelled_as_prometheus_spells_them() -> None:
    lines = prometheus.text(held().seen()).splitlines()
    assert 'eva_requests_total{class="read",outcome="ok"} 3' in lines
    assert "# TYPE http_server_request_duration_seconds histogram" in lines
    assert 'http_server_request_duration_seconds_bucket{http_route="/a",le="0.025"} 1' in lines
    assert 'http_server_request_duration_seconds_bucket{http_route="/a",le="+Inf"} 2' in lines
    assert 'http_server_request_duration_seconds_sum{http_route="/a"} 3.02' in lines
    assert 'http_server_request_duration_seconds_count{http_route="/a"} 2' in lines
    assert "process_memory_usage_bytes 100000000" in lines


@given(value=st.text())
def test_a_label_never_breaks_a_line(value: str) -> None:
    made = Meters()
    made.count("eva.requests", {"class": value}, 1)
    _, line = prometheus.text(made.seen()).rstrip("\n").split("\n", 1)
    assert "\n" not in line
    assert line.startswith('eva_requests_total{class="')
    assert line.endswith('"} 1')


async def test_metrics_are_served_and_nothing_else_is() -> None:
    async with (
        prometheus.serving("127.0.0.1", 0, held().taken) as port,
        httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=60) as client,
    ):
        found = await client.get("/metrics")
        assert found.headers["content-type"] == prometheus.MEDIA_TYPE
        assert "eva_requests_total" in found.text
        assert (await client.get("/")).status_code == 404
        assert (await client.post("/metrics")).status_code == 404


async def test_a_client_that_says_nonsense_is_let_go() -> None:
    async with prometheus.serving("127.0.0.1", 0, held().taken) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"x" * 100_000)
        with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
            await reader.readexactly(1)
        writer.close()


def test_a_port_that_is_taken_is_refused() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        opening = prometheus.serving("127.0.0.1", taken.getsockname()[1], list)
        with pytest.raises(OSError, match="in use"):
            asyncio.run(opening.__aenter__())
