"""Metrics as Prometheus reads them, on a port of their own."""

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from itertools import accumulate, groupby

from app.adapters.telemetry.instruments import Instrument
from app.adapters.telemetry.meters import Histogram, Key, Point

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_UNITS = {"s": "_seconds", "By": "_bytes"}
_PATIENCE_S = 5.0
_ESCAPES = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n"})


def text(points: Sequence[Point]) -> str:
    """Return the metrics in the text format."""
    lines: list[str] = []
    for name, group in groupby(sorted(points, key=lambda one: one.name), lambda one: one.name):
        series = list(group)
        shown = spelled(name, series[0].instrument)
        lines.append(f"# TYPE {shown} {series[0].instrument.shape}")
        for point in series:
            lines += _lines(shown, point)
    return "\n".join([*lines, ""])


def spelled(name: str, instrument: Instrument) -> str:
    """Return a metric's name as Prometheus spells it."""
    shown = re.sub(r"[^a-zA-Z0-9_]", "_", name) + _UNITS.get(instrument.unit, "")
    return f"{shown}_total" if instrument.shape == "counter" else shown


def _lines(shown: str, point: Point) -> Iterator[str]:
    if not isinstance(point.value, Histogram):
        yield f"{shown}{_labels(point.labels)} {point.value:.10g}"
        return
    ends = [f"{bound:g}" for bound in point.instrument.bounds] + ["+Inf"]
    for end, count in zip(ends, accumulate(point.value.counts), strict=True):
        yield f"{shown}_bucket{_labels((*point.labels, ('le', end)))} {count}"
    yield f"{shown}_sum{_labels(point.labels)} {point.value.sum:.10g}"
    yield f"{shown}_count{_labels(point.labels)} {point.value.count}"


def _labels(labels: Key) -> str:
    said = ",".join(
        f'{name.replace(".", "_")}="{value.translate(_ESCAPES)}"' for name, value in labels
    )
    return f"{{{said}}}" if said else ""


@contextlib.asynccontextmanager
async def serving(
    host: str, port: int, points: Callable[[], Sequence[Point]]
) -> AsyncIterator[int]:
    """Answer GET /metrics for the duration of the context; the port is yielded. OSError."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, EOFError, TimeoutError, asyncio.LimitOverrunError):
            async with asyncio.timeout(_PATIENCE_S):
                head = await reader.readuntil(b"\r\n\r\n")
                writer.write(_answer(head, points))
                await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, host, port)
    async with server:
        yield server.sockets[0].getsockname()[1]


def _answer(head: bytes, points: Callable[[], Sequence[Point]]) -> bytes:
    found = head.startswith((b"GET /metrics ", b"GET /metrics?"))
    body = text(points()).encode() if found else b"not found\n"
    status = "200 OK" if found else "404 Not Found"
    kind = MEDIA_TYPE if found else "text/plain"
    start = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n"
    return f"{start}Connection: close\r\n\r\n".encode() + body
