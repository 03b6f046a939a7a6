"""An OpenTelemetry collector, over HTTP."""

import time
from collections.abc import Mapping

from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

from app.adapters.telemetry import otel
from app.adapters.telemetry.sending import Batch

_SHARE_KEPT = "eva.share_kept"  # per cent
_TIMEOUT_S = 10.0


class Collector:
    """`Channel`; metrics are sums since the process began."""

    def __init__(self, endpoint: str, about: Mapping[str, str]) -> None:
        self._resource = otel.resource(about)
        self._began_ns = time.time_ns()
        self._traces = OTLPSpanExporter(f"{endpoint}/v1/traces", timeout=_TIMEOUT_S)
        self._logs = OTLPLogExporter(f"{endpoint}/v1/logs", timeout=_TIMEOUT_S)
        self._metrics = OTLPMetricExporter(f"{endpoint}/v1/metrics", timeout=_TIMEOUT_S)

    def send(self, batch: Batch) -> None:
        """Send; the exporters try again for a while, then give up."""
        if batch.spans:
            self._traces.export(
                [otel.span(one, self._resource, _SHARE_KEPT) for one in batch.spans]
            )
        if batch.lines:
            self._logs.export([otel.log(*one, self._resource) for one in batch.lines])
        if batch.points:
            made = otel.metrics(batch.points, self._resource, since_ns=self._began_ns, growth=False)
            self._metrics.export(made)

    def close(self) -> None:
        """Close the connections."""
        for exporter in (self._traces, self._logs, self._metrics):
            exporter.shutdown()
