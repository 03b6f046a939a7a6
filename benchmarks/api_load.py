"""The load client, in a process of its own: raw HTTP/1.1 over kept-open connections.

Closed loop: each connection sends its next request when the last is answered. Open loop (`rate`):
requests are due at fixed times, and latency counts from when one was due, so that a server that
stalls is charged for everybody who had to wait (no coordinated omission).
"""

import argparse
import asyncio
import itertools
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import uvloop

HTTP_OK = 200


@dataclass(frozen=True)
class Plan:
    """What to send; `requests` are whole HTTP requests, sent in turn, from `first` on."""

    port: int
    requests: tuple[str, ...]
    connections: int = 8
    seconds: float = 5.0
    rate: float | None = None
    first: int = 0
    samples: int = 0
    until: str | None = None  # stop early once this file exists …
    most: int = sys.maxsize  # … or so many were sent


@dataclass
class Outcome:
    """What came back. Latencies are in seconds, in order of arrival."""

    seconds: float
    statuses: dict[str, int]
    latencies: list[float]
    samples: list[str] = field(default_factory=list)
    client_cpu: float = 0.0

    @property
    def count(self) -> int:
        return len(self.latencies)

    @property
    def errors(self) -> int:
        return sum(n for status, n in self.statuses.items() if status != str(HTTP_OK))

    @property
    def rate(self) -> float:
        return self.count / self.seconds if self.seconds else 0.0

    def ms(self, percent: float) -> float:
        """Return a percentile of latency in milliseconds (nearest rank)."""
        if not self.latencies:
            return float("nan")
        ordered = sorted(self.latencies)
        return 1000 * ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]


def request(method: str, path: str, headers: dict[str, str], body: Any = None) -> str:
    """Render a request; a body is JSON."""
    sent = "" if body is None else json.dumps(body)
    lines = {"Host": "127.0.0.1", **headers}
    if sent:
        lines |= {"Content-Type": "application/json", "Content-Length": str(len(sent.encode()))}
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return f"{method} {path} HTTP/1.1\r\n{head}\r\n{sent}"


def run(plan: Plan) -> Outcome:
    """Carry out a plan in a process of its own, and return what came back."""
    with tempfile.NamedTemporaryFile("w", suffix=".json") as told:
        json.dump(asdict(plan), told)
        told.flush()
        done = subprocess.run(
            [sys.executable, __file__, told.name], check=True, capture_output=True, text=True
        )
    return Outcome(**json.loads(done.stdout))


async def _answer(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    status = int(head[9:12])
    if b"transfer-encoding: chunked" in head:
        return status, b"".join([part async for part in _chunks(reader)])
    at = head.find(b"content-length:")
    length = int(head[at + 15 : head.index(b"\r\n", at)]) if at >= 0 else 0
    return status, await reader.readexactly(length)


async def _chunks(reader: asyncio.StreamReader) -> Any:
    while size := int((await reader.readline()).split(b";")[0], 16):
        yield (await reader.readexactly(size + 2))[:-2]
    await reader.readline()


class _Run:
    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.wire = [text.encode() for text in plan.requests]
        self.turns: Iterator[int] = itertools.count()
        self.statuses: Counter[str] = Counter()
        self.latencies: list[float] = []
        self.samples: list[str] = []
        self.began = 0.0

    def over(self) -> bool:
        until = self.plan.until
        late = time.perf_counter() - self.began >= self.plan.seconds
        return late or (until is not None and Path(until).exists())

    async def due(self, turn: int) -> float:
        if self.plan.rate is None:
            return time.perf_counter()
        at = self.began + turn / self.plan.rate
        await asyncio.sleep(max(0.0, at - time.perf_counter()))
        return at

    async def connection(self) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.plan.port, limit=1 << 22)
        while not self.over() and (turn := next(self.turns)) < self.plan.most:
            at = await self.due(turn)
            writer.write(self.wire[(self.plan.first + turn) % len(self.wire)])
            try:
                status, body = await _answer(reader)
            except (OSError, EOFError, ValueError) as broken:
                self.took(type(broken).__name__, at, b"")
                reader, writer = await asyncio.open_connection("127.0.0.1", self.plan.port)
            else:
                self.took(str(status), at, body)
        writer.close()

    def took(self, status: str, at: float, body: bytes) -> None:
        self.latencies.append(time.perf_counter() - at)
        self.statuses[status] += 1
        if len(self.samples) < self.plan.samples or (
            status != str(HTTP_OK) and self.statuses[status] == 1
        ):
            self.samples.append(body.decode(errors="replace"))

    async def all(self) -> Outcome:
        self.began = time.perf_counter()
        await asyncio.gather(*(self.connection() for _ in range(self.plan.connections)))
        took = time.perf_counter() - self.began
        times = os.times()
        return Outcome(
            took, dict(self.statuses), self.latencies, self.samples, times.user + times.system
        )


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("plan", type=Path, help="a JSON file with the fields of Plan")
    plan = Plan(**json.loads(parser.parse_args(argv).plan.read_text()))
    print(json.dumps(asdict(uvloop.run(_Run(plan).all()))))


if __name__ == "__main__":
    main()
