"""Whether the dependencies answer, asked all at once and none for long."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from app.core.errors import EvaError
from app.core.ports import Ports

_PATIENCE_S = 2.0


@dataclass(frozen=True, slots=True)
class Check:
    """How one dependency answered."""

    ok: bool
    ms: float


async def checked(ports: Ports, patience_s: float = _PATIENCE_S) -> Mapping[str, Check]:
    """Return how each dependency answered, by name."""
    pings = {"records": ports.records.ping, "blobs": ports.blobs.ping, "index": ports.index.ping}
    found = await asyncio.gather(*(_check(ping, patience_s) for ping in pings.values()))
    return dict(zip(pings, found, strict=True))


async def _check(ping: Callable[[], Awaitable[None]], patience_s: float) -> Check:
    begun = time.perf_counter()
    try:
        async with asyncio.timeout(patience_s):
            await ping()
    except (EvaError, TimeoutError, OSError):
        ok = False
    else:
        ok = True
    return Check(ok, round((time.perf_counter() - begun) * 1000, 2))
