"""What goes wrong on purpose: `POST /_peer/faults` with a list, `DELETE` to end them all.

Each is `{"method", "path" (a pattern), "status", "substatus", "headers", "times", "delay_s",
"when", "body"}`. `when` is "before" (nothing was done) or "after": it was done, and the answer got
lost.
"""

import asyncio
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

_LOOK_S = 0.05


@dataclass
class Fault:
    """One fault, for as many requests as it has `times` left."""

    status: int = 0  # 0: only the delay
    substatus: int = 0
    method: str = ".*"
    path: str = ".*"
    headers: Mapping[str, str] = field(default_factory=dict)
    times: int = 1
    delay_s: float = 0.0
    when: str = "before"
    body: str | None = None  # sent as it is, in place of what the service would say

    def takes(self, method: str, path: str, when: str) -> bool:
        fits = re.fullmatch(self.method, method) and re.fullmatch(self.path, path)
        return self.times > 0 and self.when == when and bool(fits)


class Faults:
    """The faults that are waiting, first come first."""

    def __init__(self) -> None:
        self._waiting: list[Fault] = []

    def add(self, wanted: list[dict[str, Any]]) -> None:
        self._waiting += [Fault(**one) for one in wanted]

    @property
    def waiting(self) -> int:
        """How many requests are yet to be spoiled."""
        return sum(fault.times for fault in self._waiting)

    def end(self) -> None:
        self._waiting.clear()

    async def _wait(self, fault: Fault) -> None:
        """Wait for the fault's delay, or until all faults are ended."""
        until = time.monotonic() + fault.delay_s
        while time.monotonic() < until and fault in self._waiting:  # noqa: ASYNC110 - a thread ends it
            await asyncio.sleep(min(_LOOK_S, fault.delay_s))

    async def strike(self, method: str, path: str, when: str) -> Fault | None:
        """Return the fault that this request is to be answered with, after its delay."""
        for fault in self._waiting:
            if fault.takes(method, path, when):
                fault.times -= 1
                await self._wait(fault)
                return fault if fault.status else None
        return None
