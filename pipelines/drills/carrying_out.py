"""A drill: steps that are carried out one after the other, and what came of each."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx2

from pipelines.drills.service import DrillError


@dataclass
class Drill:
    """What came of it, as the release gate reads a drill."""

    steps: list[dict[str, Any]] = field(default_factory=list)
    measured: dict[str, float] = field(default_factory=dict)

    def step(self, name: str, carry_out: Callable[[], str]) -> None:
        """Carry out a step, which says what came of it; DrillError makes it a failed one."""
        begun = time.monotonic()
        try:
            said, ok = carry_out(), True
        except (DrillError, httpx2.HTTPError) as error:
            said, ok = str(error) or type(error).__name__, False
        seconds = round(time.monotonic() - begun, 2)
        self.steps.append({"name": name, "ok": ok, "seconds": seconds, "said": said})
        print(f"{'ok' if ok else 'FAILED'}: {name} ({seconds:g} s): {said}")

    def ok(self) -> bool:
        """Tell whether every step went as it should."""
        return all(step["ok"] for step in self.steps)
