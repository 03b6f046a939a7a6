"""Counting what happens, for those who run the service. Costs next to nothing until it is on.

`dashboards/signals.yaml` says which metrics there are, with what attributes. Attribute values are
few and name no person, nothing that people wrote, no identifier but a tenant's.
"""

from collections.abc import Mapping
from typing import Protocol

Labels = Mapping[str, str]
NONE: Labels = {}


class Sink(Protocol):
    """Takes measurements."""

    def count(self, name: str, labels: Labels, amount: float) -> None:
        """Add to a counter."""

    def observe(self, name: str, labels: Labels, value: float) -> None:
        """Add a value to a histogram."""

    def gauge(self, name: str, labels: Labels, value: float) -> None:
        """Set what is the case now."""


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
