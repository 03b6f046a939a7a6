"""The metrics there are, as `dashboards/signals.yaml` promises them (a test compares the two)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

Shape: TypeAlias = Literal["counter", "histogram", "gauge"]
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0)
_TOKENS = tuple(float(4**n) for n in range(14))
_UNITS = (1.0, 2.5, 5.0, 10.0, 25.0, 50.0, 100.0, 250.0, 1000.0)


@dataclass(frozen=True, slots=True)
class Instrument:
    """A metric: `bounds` are the upper ends of a histogram's buckets."""

    shape: Shape
    unit: str
    bounds: tuple[float, ...] = ()


def _counter(unit: str) -> Instrument:
    return Instrument("counter", unit)


def _gauge(unit: str) -> Instrument:
    return Instrument("gauge", unit)


INSTRUMENTS: Mapping[str, Instrument] = {
    "eva.requests": _counter("{request}"),
    "http.server.request.duration": Instrument("histogram", "s", _SECONDS),
    "eva.requests.active": _gauge("{request}"),
    "eva.tenant.requests": _counter("{request}"),
    "eva.tenant.tokens": _counter("{token}"),
    "eva.tenant.cost": _counter("1"),
    "eva.budget.used": _gauge("1"),
    "eva.dependency.calls": _counter("{call}"),
    "eva.dependency.duration": Instrument("histogram", "s", _SECONDS),
    "eva.dependency.retries": _counter("{retry}"),
    "eva.breaker.state": _gauge("1"),
    "azure.cosmosdb.client.operation.request_charge": Instrument(
        "histogram", "{request_unit}", _UNITS
    ),
    "gen_ai.client.operation.duration": Instrument("histogram", "s", _SECONDS),
    "gen_ai.client.token.usage": Instrument("histogram", "{token}", _TOKENS),
    "eva.answers": _counter("{answer}"),
    "eva.answer.citations": _counter("{citation}"),
    "eva.documents.processed": _counter("{document}"),
    "eva.jobs.ended": _counter("{job}"),
    "eva.jobs.waiting": _gauge("{job}"),
    "eva.jobs.oldest_age": _gauge("s"),
    "eva.jobs.dead": _gauge("{job}"),
    "eva.audit.unsealed_age": _gauge("s"),
    "eva.credentials.expires_in": _gauge("s"),
    "eva.disk.used": _gauge("1"),
    "eva.up": _gauge("1"),
    "process.memory.usage": _gauge("By"),
    "process.cpu.time": _counter("s"),
    "process.open_file_descriptor.count": _gauge("{file}"),
    "eva.tasks": _gauge("{task}"),
}
