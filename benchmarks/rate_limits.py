"""What each limit adds to a request, in microseconds of CPU, beside a request without any.

The requests go to an ASGI application that answers at once: what is shown is the layer alone.
Redis is a server of its own; its CPU is not counted, the round trip's wall time is shown too.
"""

import argparse
import asyncio
import contextlib
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from ipaddress import ip_network
from pathlib import Path
from typing import Any, TypeAlias

from app.adapters.quotas import Redis, local_counter, shared_counter
from app.core.access import Principal
from app.core.models import Tier
from app.core.quotas import LIGHT, Counter, Quotas
from app.settings import Settings
from app.web.addresses import Proxies
from app.web.limits import AddressLimit, AddressRules
from app.wiring import open_ports

PRINCIPAL = Principal(tenant_id="ten_default", id="key:" + "0" * 26, scopes=frozenset())
ADDRESSES, ROUNDS, REPEATS = 200, 15, 300
Work: TypeAlias = Callable[[int], Awaitable[Any]]


async def answer(_scope: Any, _receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"", "more_body": False})


async def receive() -> Any:
    return {"type": "http.request"}


async def sink(_: Any) -> None:
    return None


def asking(app: Any, *, forwarded: bool = False) -> Work:
    headers = [(b"host", b"eva"), (b"accept", b"*/*")]
    if forwarded:
        headers.append((b"x-forwarded-for", b"198.51.100.7, 10.0.0.9"))

    async def work(n: int) -> None:
        client = ("10.0.0.1" if forwarded else f"203.0.113.{n % ADDRESSES}", 1)
        scope = {"type": "http", "path": "/", "headers": headers, "client": client}
        await app(scope, receive, sink)

    return work


def quota(counter: Counter) -> Work:
    quotas = Quotas(counter, Tier.PRO, {PRINCIPAL.tenant_id: Tier.PRO})
    people = [Principal(tenant_id=f"t{n}", id="k", scopes=frozenset()) for n in range(ADDRESSES)]
    return lambda n: quotas.require(people[n % ADDRESSES], LIGHT)


def metered(meter: Any, tenant: str) -> Work:
    return lambda n: meter.request(tenant, f"key:{n % 20}")


def ledger_rows(folder: Path) -> Settings:
    env = {"EVA_DATA_DIR": str(folder), "EVA_BUDGETS": "ten_budget:requests/month=1e11"}
    return Settings.load(env)


async def costs(works: dict[str, Work]) -> dict[str, tuple[float, float]]:
    """CPU and wall microseconds of one call: the best of some rounds, the rows taking turns."""
    best = dict.fromkeys(works, (float("inf"), float("inf")))
    for _ in range(ROUNDS):
        for name, work in works.items():
            cpu, wall = time.process_time(), time.perf_counter()
            for n in range(REPEATS):
                await work(n)
            found = (time.process_time() - cpu, time.perf_counter() - wall)
            each = (found[0] / REPEATS * 1e6, found[1] / REPEATS * 1e6)
            best[name] = (min(best[name][0], each[0]), min(best[name][1], each[1]))
    return best


@contextlib.contextmanager
def redis_server(folder: str) -> Iterator[int | None]:
    program = shutil.which("redis-server")
    if program is None:
        print("redis-server is not installed: no row for it")
        yield None
        return
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    command = [program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", folder]
    running = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        while running.poll() is None:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            time.sleep(0.05)
        yield port
    finally:
        running.terminate()
        running.wait()


@contextlib.asynccontextmanager
async def rows(folder: str) -> AsyncIterator[dict[str, Work]]:
    proxies = Proxies([ip_network("10.0.0.0/8")])
    most = AddressRules(requests=10_000_000, proxies=proxies)
    async with contextlib.AsyncExitStack() as stack:
        port = stack.enter_context(redis_server(folder))
        ports = await stack.enter_async_context(open_ports(ledger_rows(Path(folder) / "data")))
        found = {
            "no limit": asking(answer),
            "address: rule off": asking(AddressLimit(answer, AddressRules())),
            "address: counted": asking(AddressLimit(answer, most)),
            "address: counted, behind a proxy": asking(AddressLimit(answer, most), forwarded=True),
            "quotas of principal and tenant, memory": quota(local_counter()),
            "usage counted": metered(ports.meter, "ten_free"),
            "usage counted, held to a budget": metered(ports.meter, "ten_budget"),
        }
        if port is not None:
            redis = Redis(host="127.0.0.1", port=port, timeout_s=1)
            counter = await stack.enter_async_context(shared_counter(redis))
            found["quotas of principal and tenant, Redis"] = quota(counter)
        yield found


async def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        async with rows(folder) as works:
            found = await costs(works)
    bare = found["no limit"][0]
    print(f"{'':42} µs CPU  µs wall")
    for name, (cpu, wall) in found.items():
        less = bare if name.startswith("address") else 0.0
        print(f"{name:42} {cpu - less:6.1f} {wall - less:8.1f}")
    print("\nRows of addresses are what is added to the row without a limit.")


if __name__ == "__main__":
    argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    ).parse_args()
    asyncio.run(main())
