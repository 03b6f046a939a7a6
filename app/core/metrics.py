"""Counting what happens, for those who run the service. Costs next to nothing until it is on.

`dashboards/signals.yaml` says which metrics there are, with what attributes. Attribute values are
few and name no person, nothing that people wrote, no identifier but a tenant's.
"""

import time
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Protocol

from app.core.errors import EvaError, UnavailableError
from app.core.models import Job
from app.core.ports import ComposingFailedError

WITHIN_MS = (50, 100, 200, 300, 500, 800, 1000, 1200, 2000, 5000, 10000, 30000)
WITHIN_S = (5, 15, 30, 60, 120, 300, 600, 1800)
Labels = Mapping[str, str]
NONE: Labels = {}
_TENANTS = 50


class Sink(Protocol):
    """Takes measurements."""

    def count(self, name: str, labels: Labels, amount: float) -> None:
        """Add to a counter."""

    def observe(self, name: str, labels: Labels, value: float) -> None:
        """Add a value to a histogram."""

    def gauge(self, name: str, labels: Labels, value: float) -> None:
        """Set what is the case now."""


_tenants: set[str] = set()
_sinks: list[Sink] = []  # of this process: none, or one; tests may open several services


def opened(sink: Sink) -> None:
    """Send measurements to this sink from now on."""
    _sinks.append(sink)


def closed(sink: Sink) -> None:
    """Send it nothing more."""
    _sinks.remove(sink)


def count(name: str, labels: Labels = NONE, amount: float = 1.0) -> None:
    """Add to a counter."""
    for sink in _sinks:
        sink.count(name, labels, amount)


def observe(name: str, labels: Labels = NONE, value: float = 0.0) -> None:
    """Add a value to a histogram: seconds, tokens, request units."""
    for sink in _sinks:
        sink.observe(name, labels, value)


def gauge(name: str, labels: Labels = NONE, value: float = 0.0) -> None:
    """Set what is the case now."""
    for sink in _sinks:
        sink.gauge(name, labels, value)


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
    count("eva.dependency.calls", {"dependency": dependency, "outcome": outcome})
    if began is not None:
        took = time.perf_counter() - began
        observe("eva.dependency.duration", {"dependency": dependency}, took)


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
