"""The rehearsal: one good build and three bad ones are released while clients go on."""

import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Any

from pipelines.deploy.model import Build, DeploymentFailedError, Outcome
from pipelines.deploy.rehearsal.front import serving
from pipelines.deploy.rehearsal.slots import Slots
from pipelines.deploy.rehearsal.traffic import Traffic, flowing
from pipelines.deploy.release import Release
from pipelines.deploy.watching import Watch

Told = Callable[[str], None]
# Shorter than in production, and with the roadmap's objectives: 2 s at the 95th percentile.
WATCH = Watch(
    duration_s=5, window_s=3, every_s=0.2, least_requests=40, error_rate=0.01, p95_ms=2000
)
_SMOKE_S = 20.0


@dataclass(frozen=True, slots=True)
class Scene:
    """A build that is released, what must come of it, and what that is called as a step."""

    artifact: str
    outcome: Outcome
    step: str


SCENES = (
    Scene("good", Outcome.RELEASED, "good build is swapped in"),
    Scene("crashes", Outcome.REFUSED, "build that crashes on start is refused"),
    Scene("slow", Outcome.SWAPPED_BACK, "slow build is swapped back"),
    Scene("erring", Outcome.SWAPPED_BACK, "bad build is swapped back"),
)


@dataclass(slots=True)
class Drill:
    """What came of it, as the release gate reads a drill."""

    steps: list[dict[str, Any]] = field(default_factory=list)
    measured: dict[str, float] = field(default_factory=dict)
    windows: list[tuple[float, float]] = field(default_factory=list)

    def ok(self) -> bool:
        """Tell whether every step went as it should."""
        return all(step["ok"] for step in self.steps)

    def report(self) -> dict[str, Any]:
        """Return the drill's report."""
        return {"drill": "rehearse-deploy", "steps": self.steps, "measured": self.measured}


async def rehearse(
    told: Told = print,
    watch: Watch = WATCH,
    scenes: Sequence[Scene] = SCENES,
    smoke_s: float = _SMOKE_S,
) -> Drill:
    """Carry the rehearsal out in a folder of its own; DeploymentFailedError if nothing starts."""
    with tempfile.TemporaryDirectory(prefix="eva-rehearsal-") as folder:
        slots = Slots(Path(folder))
        try:
            release = Release(
                host=slots, gauge=slots.switch, watch=watch, smoke_s=smoke_s, told=told
            )
            return await _carried_out(slots, release, scenes)
        finally:
            await slots.close()


async def _carried_out(slots: Slots, release: Release, scenes: Sequence[Scene]) -> Drill:
    drill, told = Drill(), release.told
    async with serving(slots.switch) as production:
        slots.production_url = production
        first = Build("good", "first")
        told("first build, so that there is something to come back to")
        staged = await release.stage(first)
        if staged.outcome is not Outcome.RELEASED:
            raise DeploymentFailedError(f"the service does not start here: {staged.reason}")
        await slots.swap()
        async with flowing(production, await slots.key()) as traffic:
            for number, scene in enumerate(scenes, 1):
                told(f"{scene.artifact} build")
                build = Build(scene.artifact, f"build-{number}")
                await _played(slots, release, scene, build, drill)
        _count(drill, traffic, told)
    return drill


async def _played(slots: Slots, release: Release, scene: Scene, build: Build, drill: Drill) -> None:
    began = time.monotonic()
    report = await release.stage(build)
    if report.outcome is Outcome.RELEASED:
        swaps = len(slots.swapped)
        report = await release.promote(build)
        if report.outcome is not Outcome.RELEASED and len(slots.swapped) > swaps:
            drill.windows.append((slots.swapped[swaps], time.monotonic()))
    if report.recovery_s is not None:
        drill.measured[f"{scene.artifact}: swapped in to swapped back, s"] = report.recovery_s
    drill.steps.append(
        {
            "name": scene.step,
            "ok": report.outcome is scene.outcome,
            "seconds": time.monotonic() - began,
            "said": f"{report.outcome}: {report.reason}".rstrip(": "),
        }
    )


def _count(drill: Drill, traffic: Traffic, told: Told) -> None:
    failed = [one for one in traffic.sent if one.status != HTTPStatus.OK]
    lost = traffic.lost(drill.windows)
    first = traffic.sent[0].due if traffic.sent else 0.0
    drill.measured["requests"] = len(traffic.sent)
    drill.measured["requests failed in fault windows"] = len(failed) - len(lost)
    drill.measured["requests lost outside fault windows"] = len(lost)
    drill.steps.append(
        {
            "name": "no request is lost outside the fault windows",
            "ok": not lost and len(traffic.sent) > 0,
            "seconds": 0.0,
            "said": ", ".join(f"{one} at {one.due - first:.1f} s" for one in lost[:5]),
        }
    )
    for name, value in drill.measured.items():
        told(f"  {name}: {value:g}")
