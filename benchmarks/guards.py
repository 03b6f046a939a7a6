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
import gc
import sys
import tempfile
import time
from pathlib import Path

from guards_setting import Bench, Work, answer, opened
from guards_trail import trail

from app.core.access import authorize
from app.core.errors import NotFoundError
from app.core.models import DEFAULT_TENANT
from app.core.quotas import LIGHT
from app.web import auth
from app.web.addresses import Proxies
from app.web.edge import Edge
from app.web.limits import AddressLimit, AddressRules
from app.web.problems.rendering import respond
from app.web.recording import Recording
from app.web.refusal_alarm import RefusalAlarm

BUDGET_US = 250.0
ROUNDS, CALLS = 7, 1_500


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
        "audit, written": (bench.through(Recording(answer, RefusalAlarm(0), Proxies())), nothing),
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


async def main() -> int:
    argparse.ArgumentParser(description=__doc__).parse_args()
    with tempfile.TemporaryDirectory(prefix="eva-bench-") as root:
        async with opened(Path(root) / "data") as bench:
            held = [await costs(bench), await trail(bench)]
    print("" if all(held) else "\nMISSED: see the rows above")
    return 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
