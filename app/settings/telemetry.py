"""The settings of what operators see of the service, and of what it does when it can't keep up."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

from app.settings.declaring import address, choice, flag, number, setting, text, whole

LogFormat: TypeAlias = Literal["text", "json"]


@dataclass(frozen=True, kw_only=True)
class Telemetry:
    """Telemetry."""

    azure_monitor: str | None = setting(
        text(),
        None,
        "APPLICATIONINSIGHTS_CONNECTION_STRING",
        "AZURE_MONITOR_CONNECTION_STRING",
        about="The Application Insights resource that traces, metrics and log lines go to.",
        secret=True,
    )
    otel_endpoint: str | None = setting(
        address(),
        None,
        "OTEL_EXPORTER_OTLP_ENDPOINT",
        "OTEL_ENDPOINT",
        about="The OpenTelemetry collector (HTTP) that they go to where there is no such resource.",
    )
    otel_enabled: bool = setting(
        flag(), True, "OTEL_ENABLED", about="Whether anything is sent to either."
    )
    telemetry_every_s: float = setting(
        number(0.1, 600),
        10.0,
        "EVA_TELEMETRY_EVERY_S",
        about="The pause between sendings, in seconds; metrics go with every sixth.",
    )
    traces_per_second: float = setting(
        number(0, 1000),
        1.0,
        "EVA_TRACES_PER_SECOND",
        about="About how many traces are kept; failed and slow ones are kept besides.",
    )
    metrics_port: int | None = setting(
        whole(0, 65535),
        None,
        "EVA_METRICS_PORT",
        about="Where Prometheus finds `/metrics`, 0 for nowhere; unset: nowhere, but 9464 for "
        "`eva serve` on the embedded backend.",
    )
    metrics_host: str = setting(
        text(), "127.0.0.1", "EVA_METRICS_HOST", about="The address that this port is at."
    )
    log_format: LogFormat | None = setting(
        choice(LogFormat),
        None,
        "EVA_LOG_FORMAT",
        about="How log lines are written; unset: json, in development text.",
    )


@dataclass(frozen=True, kw_only=True)
class Overload:
    """Overload."""

    shed_after_ms: float | None = setting(
        number(0, 60_000),
        None,
        "EVA_SHED_AFTER_MS",
        about="How late the event loop may run on average, in milliseconds, before requests are "
        "turned away with 503; 0 for any; unset: 5, on Azure 100.",
    )
    shed_reads_after_ms: float | None = setting(
        number(0, 60_000),
        None,
        "EVA_SHED_READS_AFTER_MS",
        about="How long reads may take on average, in milliseconds, before requests are turned "
        "away with 503, questions first and reads last; 0 for any; unset: 0, on Azure 200.",
    )
    max_requests: int = setting(
        whole(1, 1_000_000),
        2_000,
        "EVA_MAX_REQUESTS",
        about="The most requests under way in one process; more are turned away with 503.",
    )
