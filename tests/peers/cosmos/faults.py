"""What goes wrong on purpose: `POST /_peer/faults` with a list, `DELETE` to end them all.

Each is `{"method", "path" (a pattern), "status", "substatus", "headers", "times", "delay_s",
"when"}`. `when` is "before" (nothing was done) or "after": it was done, and the answer got lost.
"""

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


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

    async def strike(self, method: str, path: str, when: str) -> Fault | None:
        """Return the fault that this request is to be answered with, after its delay."""
        for fault in self._waiting:
            if fault.takes(method, path, when):
                fault.times -= 1
                if fault.delay_s:
                    await asyncio.sleep(fault.delay_s)
                return fault if fault.status else None
        return None
