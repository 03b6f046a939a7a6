"""What a release is about: builds, a host with two slots, and what is told about it."""

from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Build:
    """A build: what the host deploys it by (an image with its digest), and how it names itself.

    `name` is what `/health` shows behind the version (`0.1.0+<name>`).
    """

    artifact: str
    name: str


class DeploymentFailedError(Exception):
    """The host could not do what it was asked; the text says what it said."""


class Host(Protocol):
    """Where the service runs: production, and a staging slot beside it.

    Every method may raise DeploymentFailedError.
    """

    @property
    def staging_url(self) -> str:
        """Return where the staging slot answers."""

    @property
    def production_url(self) -> str:
        """Return where production answers."""

    async def deploy(self, build: Build) -> None:
        """Put a build into the staging slot and start it; it need not answer yet."""

    async def swap(self) -> None:
        """Exchange the slots: what was staging serves production when this returns."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """What production did in a stretch of time: requests, those that failed, and how late."""

    requests: int
    failures: int
    p95_ms: float


class Gauge(Protocol):
    """Measures what production does, from where its clients stand."""

    async def sample(self, last_s: float) -> Sample:
        """Return what was done in the last so many seconds."""


class Outcome(StrEnum):
    """How a release ended."""

    RELEASED = "released"
    REFUSED = "refused"  # never reached production
    SWAPPED_BACK = "swapped back"
    STRANDED = "stranded"  # the way back failed too: people must act


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step as it went."""

    name: str
    ok: bool
    seconds: float
    said: str = ""


@dataclass(slots=True)
class Report:
    """What happened, in order."""

    build: Build
    outcome: Outcome = Outcome.REFUSED
    steps: list[Step] = field(default_factory=list)
    reason: str = ""
    recovery_s: float | None = None  # from the swap to the end of the swap back

    def drill(self, name: str) -> dict[str, Any]:
        """Return it as the release gate reads a drill of this name."""
        seconds = {f"seconds to {step.name}": step.seconds for step in self.steps}
        return {"drill": name, "steps": [asdict(step) for step in self.steps], "measured": seconds}
