"""What the generator saw: every answer by class, name and second; and how it fared itself."""

import json
import time
from collections import Counter, defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import gevent  # type: ignore[import-untyped]
import psutil  # type: ignore[import-untyped]
from answers import Told, rounded

_LOOK_S = 0.05


class Recording:
    """Fills up while Locust runs."""

    def __init__(self) -> None:
        self.began = time.time()
        self.by_class: defaultdict[str, Told] = defaultdict(Told)
        self.by_name: defaultdict[str, Told] = defaultdict(Told)
        self.by_second: defaultdict[tuple[int, str], Told] = defaultdict(Told)
        self.by_step: defaultdict[int, Told] = defaultdict(Told)
        self.step = -1
        self.total = 0
        self.unexpected: Counter[str] = Counter()  # statuses that no scenario asks for
        self.reasons: Counter[str] = Counter()
        self.lateness: Counter[int] = Counter()  # of the generator itself, in ms
        self.cpu: list[tuple[float, float]] = []
        self.users: list[tuple[float, int]] = []
        self._process = psutil.Process()

    def add(self, name: str, ms: float, context: Mapping[str, Any], error: object) -> None:
        """Add an answer; `name` begins with its class."""
        self.total += 1
        kind = name.partition(" ")[0]
        shed = bool(context.get("shed"))
        second = int(time.time() - self.began)
        places = [self.by_class[kind], self.by_name[name], self.by_second[second, kind]]
        if self.step >= 0:
            places.append(self.by_step[context.get("step", self.step)])
        for place in places:
            place.add(ms, failed=error is not None, shed=shed)
        if error is not None:
            self.reasons[f"{name}: {error}"[:200]] += 1

    def watch(self, users: Any) -> None:
        """Look at this process until the end: its CPU, and how late it wakes."""
        cpu, looked = sum(self._process.cpu_times()[:2]), time.time()
        while True:
            due = time.perf_counter() + _LOOK_S
            gevent.sleep(_LOOK_S)
            self.lateness[rounded(1000 * (time.perf_counter() - due))] += 1
            now = time.time()
            if now - looked >= 1:
                spent = sum(self._process.cpu_times()[:2])
                self.cpu.append((now - self.began, (spent - cpu) / (now - looked)))
                self.users.append((now - self.began, users()))
                cpu, looked = spent, now

    def write(self, path: Path) -> None:
        """Write everything."""
        seconds: defaultdict[int, dict[str, Any]] = defaultdict(dict)
        for (second, kind), told in sorted(self.by_second.items()):
            seconds[second][kind] = told.shown(kind)
        path.write_text(
            json.dumps(
                {
                    "began": self.began,
                    "stats": [one.shown(name) for name, one in sorted(self.by_class.items())],
                    "names": [one.shown(name) for name, one in sorted(self.by_name.items())],
                    "steps": [one.shown(str(n)) for n, one in sorted(self.by_step.items())],
                    "seconds": seconds,
                    "unexpected": self.unexpected,
                    "reasons": dict(self.reasons.most_common(20)),
                    "lateness": {str(ms): n for ms, n in sorted(self.lateness.items())},
                    "generator_cpu": self.cpu,
                    "users": self.users,
                }
            )
        )
