"""Counting what happens, for those who run the service. Costs next to nothing until it is on.

`dashboards/signals.yaml` says which metrics there are, with what attributes. Attribute values are
few and name no person, nothing that people wrote, no identifier but a tenant's.
"""

import time
from bisect import bisect_left
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, Generic, Protocol, TypeVar

from app.core.errors import EvaError, UnavailableError
from app.core.models import Job
from app.core.ports import ComposingFailedError

WITHIN_MS = (50, 100, 200, 300, 500, 800, 1000, 1200, 2000, 5000, 10000, 30000)
WITHIN_S = (5, 15, 30, 60, 120, 300, 600, 1800)
Labels = Mapping[str, str]
NONE: Labels = {}
_TENANTS = 50
_MOST_HELD = 500
W = TypeVar("W", bound=Hashable)


class Sink(Protocol):
    """Takes measurements."""

    def count(self, name: str, labels: Labels, amount: float) -> None:
        """Add to a counter."""

    def observe(self, name: str, labels: Labels, values: Sequence[float]) -> None:
        """Add values to a histogram."""

    def gauge(self, name: str, labels: Labels, value: float) -> None:
        """Set what is the case now."""


_tenants: set[str] = set()
_sinks: list[Sink] = []  # of this process: none, or one; tests may open several services
_timings: list["Timings[Any]"] = []


def opened(sink: Sink) -> None:
    """Send measurements to this sink from now on."""
    _sinks.append(sink)


def closed(sink: Sink) -> None:
    """Send it nothing more."""
    settle()
    _sinks.remove(sink)


def count(name: str, labels: Labels = NONE, amount: float = 1.0) -> None:
    """Add to a counter."""
    for sink in _sinks:
        sink.count(name, labels, amount)


def observe(name: str, labels: Labels = NONE, value: float = 0.0) -> None:
    """Add a value to a histogram: seconds, tokens, request units."""
    observe_all(name, labels, (value,))


def observe_all(name: str, labels: Labels, values: Sequence[float]) -> None:
    """Add values to a histogram."""
    for sink in _sinks:
        sink.observe(name, labels, values)


def gauge(name: str, labels: Labels = NONE, value: float = 0.0) -> None:
    """Set what is the case now."""
    for sink in _sinks:
        sink.gauge(name, labels, value)


class Timings(Generic[W]):
    """Durations of what happens often: held by what is to be said of them, and told together.

    To hold one costs a request a fraction of what telling of it does.
    """

    def __init__(self, tell: Callable[[W, Sequence[float]], None]) -> None:
        self._tell = tell
        self._held: dict[W, list[float]] = {}
        _timings.append(self)

    def add(self, what: W, seconds: float) -> None:
        """Hold a duration, if anybody is told of it."""
        if not _sinks:
            return
        held = self._held.get(what)
        if held is None:
            held = self._held[what] = []
        held.append(seconds)
        if len(held) >= _MOST_HELD:
            self.settle()

    def settle(self) -> None:
        """Tell of what is held."""
        held, self._held = self._held, {}
        for what, seconds in held.items():
            self._tell(what, seconds)


def settle() -> None:
    """Tell the sinks of what is held; whoever looks at what a sink has asks for it first."""
    for timings in _timings:
        timings.settle()


def within(value: float, bounds: Sequence[int]) -> str:
    """Return the smallest bound that a value stayed within, or `inf`."""
    at = bisect_left(bounds, value)
    return str(bounds[at]) if at < len(bounds) else "inf"


def tenant(tenant_id: str) -> str:
    """Return how a tenant is called: by its id, if it is among the first that were seen."""
    if tenant_id in _tenants or len(_tenants) < _TENANTS:
        _tenants.add(tenant_id)
        return tenant_id
    return "other"


@contextmanager
def calling(dependency: str) -> Iterator[None]:
    """Tell of a call of a dependency that no port stands for: how it ended, how long it took.

    Errors pass through. A call that was given up by its caller is not told of.
    """
    began = time.perf_counter()
    try:
        yield
    except Exception as error:
        called(dependency, _outcome(error), began)
        raise
    called(dependency, "ok", began)


def called(dependency: str, outcome: str, began: float | None = None) -> None:
    """Tell of a call that ended; without a beginning it was not made."""
    if began is None:
        count("eva.dependency.calls", {"dependency": dependency, "outcome": outcome})
    else:
        calls.add((dependency, outcome), time.perf_counter() - began)


def _called(what: tuple[str, str], seconds: Sequence[float]) -> None:
    dependency, outcome = what
    count("eva.dependency.calls", {"dependency": dependency, "outcome": outcome}, len(seconds))
    observe_all("eva.dependency.duration", {"dependency": dependency}, seconds)


calls = Timings(_called)  # by dependency and outcome


def _outcome(error: Exception) -> str:
    """Return how a call ended; a dependency that says no for a good reason did its work."""
    if isinstance(error, UnavailableError):
        return str(error.facts.get("outcome", "error"))
    if isinstance(error, EvaError | ComposingFailedError):
        return "ok"
    return "timeout" if isinstance(error, TimeoutError) else "error"


def job_ended(job: Job, outcome: str) -> None:
    """Count an attempt at a job that ended."""
    age = (datetime.now(UTC) - job.created_at).total_seconds()
    labels = {"kind": job.kind.value, "outcome": outcome, "within_s": within(age, WITHIN_S)}
    count("eva.jobs.ended", labels)


def request_charge(_container: str, _operation: str, units: float) -> None:
    """Tell of the request units that Cosmos DB charged for an answer."""
    observe("azure.cosmosdb.client.operation.request_charge", NONE, units)
