"""What the audit trail bears: events a second, and what they do to requests beside them."""

import asyncio
import statistics
import time

from guards_setting import Bench

from app.core.models import DEFAULT_TENANT
from app.core.ports import Noted

EVENTS_A_SECOND, DELAY = 2_000, 0.10
PACED_S, EVERY_S, PAIRS = 0.8, 0.004, 25


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
