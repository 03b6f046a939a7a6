"""Azure Monitor, by the exporters of `azure-monitor-opentelemetry`.

Only the exporters: the distribution round them brings a framework's instrumentation that costs a
request more than all of ours (`docs/adr/0041-telemetry.md`). What can't be sent is kept in a folder
for two days and sent later.
"""

import os
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

# What Microsoft would learn of the exporter itself, and what it would change in it from afar.
for _name in (
    "APPLICATIONINSIGHTS_STATSBEAT_DISABLED_ALL",
    "APPLICATIONINSIGHTS_CONTROLPLANE_DISABLED",
    "APPLICATIONINSIGHTS_SDKSTATS_DISABLED",
):
    os.environ.setdefault(_name, "true")

from azure.monitor.opentelemetry.exporter import (  # noqa: E402 - reads these when imported
    AzureMonitorLogExporter,
    AzureMonitorMetricExporter,
    AzureMonitorTraceExporter,
)
from opentelemetry.sdk.trace import TracerProvider  # noqa: E402

from app.adapters.telemetry import otel  # noqa: E402
from app.adapters.telemetry.meters import Growth  # noqa: E402
from app.adapters.telemetry.sending import Batch  # noqa: E402

_SHARE_KEPT = "_MS.sampleRate"
# By their own names the exporter takes them for metrics of Azure's, and leaves our attributes out.
RENAMED = {"http.server.request.duration": "eva.request.duration"}


class AzureMonitor:
    """`Channel`."""

    def __init__(self, connection: str, folder: Path, about: Mapping[str, str]) -> None:
        given = {
            "connection_string": connection,
            "retry_total": 0,  # what fails goes to the folder at once
        }
        self._resource = otel.resource(about)
        self._growth, self._since_ns = Growth(), time.time_ns()
        self._traces = AzureMonitorTraceExporter(
            **given,
            storage_directory=str(folder / "traces"),
            tracer_provider=TracerProvider(resource=self._resource),  # is asked for its resource
        )
        self._logs = AzureMonitorLogExporter(**given, storage_directory=str(folder / "logs"))
        self._metrics = AzureMonitorMetricExporter(
            **given, storage_directory=str(folder / "metrics")
        )

    def send(self, batch: Batch) -> None:
        """Send; what can't be sent is stored, and sent after what can."""
        if batch.spans:
            self._traces.export(
                [otel.span(one, self._resource, _SHARE_KEPT) for one in batch.spans]
            )
        if batch.lines:
            self._logs.export([otel.log(*one, self._resource) for one in batch.lines])
        if batch.points:
            grown = [
                replace(one, name=RENAMED.get(one.name, one.name))
                for one in self._growth.of(batch.points)
            ]
            since, self._since_ns = self._since_ns, time.time_ns()
            self._metrics.export(otel.metrics(grown, self._resource, since_ns=since, growth=True))

    def close(self) -> None:
        """Stop looking after what is stored."""
        for exporter in (self._traces, self._logs, self._metrics):
            exporter.shutdown()
