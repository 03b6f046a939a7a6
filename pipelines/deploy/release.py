"""The procedure: deploy to staging, smoke, swap, watch, and swap back when it breaks."""

import contextlib
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass

from pipelines.deploy.model import (
    Build,
    DeploymentFailedError,
    Gauge,
    Host,
    Outcome,
    Report,
    Step,
)
from pipelines.deploy.smoke import smoke
from pipelines.deploy.watching import Watch

Told = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """One release of a build on a host. `told` hears of every step as it ends."""

    host: Host
    gauge: Gauge
    watch: Watch
    smoke_s: float
    told: Told = print

    async def stage(self, build: Build) -> Report:
        """Put a build into the staging slot and see that it works there; production is untouched.

        The outcome is REFUSED when it does not work, RELEASED when it waits in the slot.
        """
        report = Report(build)
        with self._refusing(report):
            await self._step(report, "deploy", self.host.deploy(build))
            await self._step(report, "smoke", smoke(self.host.staging_url, build, self.smoke_s))
            report.outcome = Outcome.RELEASED
        return report

    async def promote(self, build: Build) -> Report:
        """Swap the staged build in, watch it, and swap back by itself when it breaks.

        The slot is looked at once more first: what is swapped in is what was approved.
        """
        report = Report(build)
        with self._refusing(report):
            await self._step(report, "smoke", smoke(self.host.staging_url, build, self.smoke_s))
            swapped_at = time.monotonic()
            await self._swap_in(report)
            broken = await self._watched(report)
            if broken:
                report.reason = broken
                await self._swap_back(report, swapped_at)
            else:
                report.outcome = Outcome.RELEASED
        return report

    async def there_and_back(self, build: Build) -> Report:
        """Stage a build, swap it in, and swap it out again: it waits in the staging slot after.

        The way back is taken whatever production said meanwhile.
        """
        report = await self.stage(build)
        if report.outcome is not Outcome.RELEASED:
            return report
        report.outcome = Outcome.REFUSED
        with self._refusing(report):
            await self._step(report, "swap", self.host.swap())
            report.outcome = Outcome.STRANDED
            try:
                serves = smoke(self.host.production_url, build, self.smoke_s)
                await self._step(report, "serve", serves)
            finally:
                await self._step(report, "roll back", self.host.swap())
                report.outcome = Outcome.SWAPPED_BACK
            waits = smoke(self.host.staging_url, build, self.smoke_s)
            await self._step(report, "wait again", waits)
            report.outcome = Outcome.RELEASED
        return report

    async def _swap_in(self, report: Report) -> None:
        """Swap; a swap that failed may have been half done, so production is asked who it is."""
        try:
            await self._step(report, "swap", self.host.swap())
        except DeploymentFailedError:
            serving = await self._serves(report.build)
            if not serving:
                raise
            report.steps.append(
                Step(name="swap was done", ok=True, seconds=0, said="production serves the build")
            )

    async def _watched(self, report: Report) -> str:
        began = time.monotonic()
        try:
            await smoke(self.host.production_url, report.build, self.smoke_s)
            broken, seen = await self.watch.run(self.gauge)
        except DeploymentFailedError as error:
            broken, seen = str(error), None
        said = broken or f"{seen.requests if seen else 0} requests in the last window, all is well"
        self._note(report, Step(name="watch", ok=not broken, seconds=_since(began), said=said))
        return broken

    async def _swap_back(self, report: Report, swapped_at: float) -> None:
        try:
            await self._step(report, "swap back", self.host.swap())
        except DeploymentFailedError:
            report.outcome = Outcome.STRANDED
            return
        report.recovery_s = _since(swapped_at)
        report.outcome = Outcome.SWAPPED_BACK

    async def _serves(self, build: Build) -> bool:
        try:
            await smoke(self.host.production_url, build, self.smoke_s)
        except DeploymentFailedError:
            return False
        return True

    async def _step(self, report: Report, name: str, work: Awaitable[None]) -> None:
        began = time.monotonic()
        try:
            await work
        except DeploymentFailedError as error:
            self._note(report, Step(name=name, ok=False, seconds=_since(began), said=str(error)))
            raise
        self._note(report, Step(name=name, ok=True, seconds=_since(began)))

    @contextlib.contextmanager
    def _refusing(self, report: Report) -> Iterator[None]:
        try:
            yield
        except DeploymentFailedError as error:
            report.reason = str(error)

    def _note(self, report: Report, step: Step) -> None:
        report.steps.append(step)
        mark = "ok" if step.ok else "!!"
        self.told(f"  {mark} {step.name:<10} {step.seconds:6.1f} s  {step.said}".rstrip())


def _since(began: float) -> float:
    return time.monotonic() - began
