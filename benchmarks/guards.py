"""What guarding a request costs, layer by layer, in microseconds of CPU; and what the trail bears.

Each layer is called as a request calls it, on the running service's own parts, with nothing else
in between. CPU is that of the whole process: threads that write behind the request are in it. The
ratios are to a whole read of a space (one request, all layers) of the same run. The second part
appends events as fast as they are taken, then at a steady pace beside requests, in turns with
requests alone: what that does to the slowest twentieth of them. They are timed from where they
begin, since what else computes on the machine decides when that is; of each kind the least
disturbed quarter of the rounds is compared.
"""

import argparse
import asyncio
import contextlib
import gc
import json
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from starlette.datastructures import Headers

from app.adapters.oidc.dev_issuer import AUDIENCE, DevIssuer, running
from app.core import keys, quotas, spaces
from app.core.access import Principal, authorize
from app.core.errors import NotFoundError
from app.core.models import DEFAULT_TENANT, Scope, Tier
from app.core.ports import Noted
from app.core.quotas import LIGHT, Allowance
from app.core.spaces import SpaceContent
from app.main import create_app
from app.settings import Settings
from app.web import auth
from app.web.edge import Edge
from app.web.limits import AddressLimit, AddressRules
from app.web.problems.rendering import respond
from app.web.recording import OPERATION, Recording
from app.web.refusal_alarm import RefusalAlarm
from app.web.services import PRINCIPAL, Services

BUDGET_US, EVENTS_A_SECOND, DELAY = 250.0, 2_000, 0.10
ROUNDS, CALLS = 7, 1_500
PACED_S, EVERY_S, PAIRS = 0.8, 0.004, 25
Work: TypeAlias = Callable[[], Awaitable[object]]


@dataclass(frozen=True, kw_only=True)
class Bench:
    """The running service, and what a request brings along."""

    app: Any
    services: Services
    principal: Principal
    key: Headers
    token: Headers
    path: str

    def scope(self, headers: Headers | None = None) -> dict[str, Any]:
        """Return a fresh request for the space."""
        return {
            "type": "http", "method": "GET", "path": self.path, "raw_path": self.path.encode(),
            "headers": (headers or self.key).raw, "query_string": b"", "root_path": "",
            "client": ("203.0.113.9", 1), "server": ("eva", 80), "scheme": "http",
            "http_version": "1.1", "state": {"services": self.services}, OPERATION: "getSpace",
            PRINCIPAL: self.principal,
        }  # fmt: skip

    def through(self, app: Any) -> Work:
        return lambda: app(self.scope(), receive, sink)


async def receive() -> Any:
    return {"type": "http.request", "body": b"", "more_body": False}


async def sink(_: Any) -> None:
    return None


async def answer(_scope: Any, _receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"", "more_body": False})


@contextlib.asynccontextmanager
async def opened(folder: Path) -> AsyncIterator[Bench]:
    async with running("127.0.0.1", 0, environment="development") as issuer:
        app = create_app(settings(folder, issuer))
        async with app.router.lifespan_context(app) as state:
            assert state is not None
            services = state["services"]
            wanted = keys.NewKey(name="bench", scopes=tuple(Scope))
            issued = await keys.issue(services.ports, DEFAULT_TENANT, "bench", wanted)
            principal = await keys.authenticate(services.ports, issued.token)
            space = await spaces.create(services.ports, principal, SpaceContent(name="Bench"))
            token = issuer.token({"tid": DEFAULT_TENANT, "sub": "bench", "roles": ["reader"]})
            yield Bench(
                app=app,
                services=services,
                principal=principal,
                key=Headers({"host": "eva", "x-api-key": issued.token}),
                token=Headers({"host": "eva", "authorization": f"Bearer {token}"}),
                path=f"/api/v1/spaces/{space.value.id}",
            )


def settings(folder: Path, issuer: DevIssuer) -> Settings:
    tenants = {DEFAULT_TENANT: DEFAULT_TENANT}
    trust = {"issuer": issuer.url, "audiences": [AUDIENCE], "tenants": tenants}
    return Settings.load(
        {
            "EVA_DATA_DIR": str(folder),
            "EVA_WORKER": "off",
            "EVA_RATE_LIMIT_TIER": "pro",
            "EVA_ADDRESS_LIMIT": "10000000",
            "EVA_OIDC_ISSUERS": json.dumps([trust]),
        }
    )


def layers(bench: Bench) -> dict[str, tuple[Work, Work | None]]:
    """Return what is measured, and what is to be taken off each."""
    ports, services = bench.services.ports, bench.services
    nothing = bench.through(answer)
    most = AddressRules(requests=10_000_000)

    async def allowed() -> None:
        authorize(bench.principal, "getSpace")

    async def counted() -> None:
        await services.quotas.require(bench.principal, LIGHT)

    async def refused() -> None:
        respond(bench.scope(), NotFoundError(id="x"))

    async def scoped() -> None:
        bench.scope()

    return {
        "edge: request id, headers": (bench.through(Edge(answer)), nothing),
        "limit of the address": (bench.through(AddressLimit(answer, most)), nothing),
        "auth: key": (lambda: auth.authenticate(ports, bench.key), None),
        "auth: token, cached": (lambda: auth.authenticate(ports, bench.token), None),
        "rule of the operation": (allowed, None),
        "quotas of principal, tenant": (counted, None),
        "usage": (lambda: ports.meter.request(DEFAULT_TENANT, bench.principal.id), None),
        "audit, written": (bench.through(Recording(answer, RefusalAlarm(0))), nothing),
        "problem, rendered": (refused, scoped),
    }


async def cpu_us(bench: Bench, work: Work) -> float:
    """Return the least of several rounds: what others on the machine do only adds."""
    found = []
    for _ in range(ROUNDS):
        gc.collect()
        begun = time.process_time()
        for _ in range(CALLS):
            await work()
        await bench.services.ports.audit.flush()
        found.append((time.process_time() - begun) / CALLS * 1e6)
    return min(found)


async def costs(bench: Bench) -> bool:
    whole = await cpu_us(bench, bench.through(bench.app))
    print(f"{'':32}µs CPU  of a whole read")
    found = {}
    for name, (work, off) in layers(bench).items():
        found[name] = await cpu_us(bench, work) - (await cpu_us(bench, off) if off else 0)
        print(f"{name:32}{found[name]:6.1f}  {found[name] / whole:6.1%}")
    total = sum(found.values()) - min(found["auth: key"], found["auth: token, cached"])
    print(f"{'all, with the dearer credential':32}{total:6.1f}  at most {BUDGET_US:.0f}")
    print(f"{'a whole read of a space':32}{whole:6.1f}\n")
    return total <= BUDGET_US


def noted(number: int) -> Noted:
    return Noted(
        tenant_id=DEFAULT_TENANT,
        actor="key:bench",
        action="getSpace",
        decision="allowed",
        outcome="200",
        targets=("space/spc_1",),
        request_id=f"req_{number}",
        personal={"address": "203.0.113.9"},
    )


async def appended(bench: Bench, count: int = 20_000) -> float:
    """Return how many events a second become durable."""
    audit, begun = bench.services.ports.audit, time.perf_counter()
    for number in range(count):
        audit.note(noted(number))
        if number % 5_000 == 4_999:
            await audit.flush()
    await audit.flush()
    return count / (time.perf_counter() - begun)


async def paced(bench: Bench, *, beside: bool) -> list[float]:
    """Return how long requests took, due at fixed times, with or without events beside them."""
    ask, took = bench.through(bench.app), []
    writing = asyncio.create_task(steadily(bench)) if beside else None
    begun = time.perf_counter()
    for n in range(int(PACED_S / EVERY_S)):
        due = begun + n * EVERY_S
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        start = time.perf_counter()
        await ask()
        took.append(time.perf_counter() - start)
    if writing is not None:
        writing.cancel()
        await asyncio.gather(writing, return_exceptions=True)
    await bench.services.ports.audit.flush()
    return took


async def steadily(bench: Bench) -> None:
    """Note events at the pace that is to be borne, as requests do: one at a time."""
    begun, number = time.perf_counter(), 0
    while True:
        while number < (time.perf_counter() - begun) * EVENTS_A_SECOND:
            bench.services.ports.audit.note(noted(number))
            number += 1
        await asyncio.sleep(1 / EVENTS_A_SECOND)


def p95_ms(took: list[float]) -> float:
    return statistics.quantiles(took, n=20)[-1] * 1000


async def trail(bench: Bench) -> bool:
    rate = max([await appended(bench) for _ in range(3)])
    print(f"events appended, durable        {rate:8,.0f} a second, at least {EVENTS_A_SECOND:,}")
    pairs = [
        (p95_ms(await paced(bench, beside=False)), p95_ms(await paced(bench, beside=True)))
        for _ in range(PAIRS)
    ]
    alone, beside = (statistics.quantiles(column, n=4)[0] for column in zip(*pairs, strict=True))
    slower = beside / alone - 1
    print(f"p95 of reads alone              {alone:8.2f} ms ({1 / EVERY_S:.0f} a second)")
    print(f"p95 beside {EVENTS_A_SECOND:,} events a second {beside:8.2f} ms")
    print(f"slower by                       {slower:8.1%}, at most {DELAY:.0%}")
    return rate >= EVENTS_A_SECOND and slower <= DELAY


async def main() -> int:
    argparse.ArgumentParser(description=__doc__).parse_args()
    lifted = Allowance(principal=10**9, tenant=10**9)  # counted as ever, and never refused
    quotas.ALLOWANCES = {Tier.PRO: lifted}
    with tempfile.TemporaryDirectory(prefix="eva-bench-") as root:
        async with opened(Path(root) / "data") as bench:
            held = [await costs(bench), await trail(bench)]
    print("" if all(held) else "\nMISSED: see the rows above")
    return 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
