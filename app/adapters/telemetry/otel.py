"""Our signals in the shapes of OpenTelemetry's SDK, which its exporters take."""

import time
from collections.abc import Mapping, Sequence
from itertools import groupby

from opentelemetry._logs import LogRecord, SeverityNumber
from opentelemetry.sdk._logs import ReadableLogRecord
from opentelemetry.sdk.metrics.export import (
    AggregationTemporality,
    Gauge,
    Histogram,
    HistogramDataPoint,
    Metric,
    MetricsData,
    NumberDataPoint,
    ResourceMetrics,
    ScopeMetrics,
    Sum,
)
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import SpanContext, SpanKind, Status, StatusCode, TraceFlags

from app.adapters.telemetry.meters import Histogram as Spread
from app.adapters.telemetry.meters import Point
from app.adapters.telemetry.recorder import Kept
from app.core.loglines import Line
from app.core.tracing import Span

_SCOPE = InstrumentationScope("eva")
_SEVERITIES = {
    "warning": SeverityNumber.WARN,
    "error": SeverityNumber.ERROR,
    "critical": SeverityNumber.FATAL,
}


def resource(attributes: Mapping[str, str]) -> Resource:
    """Return what sends the signals; the environment is not asked."""
    return Resource(dict(attributes))


def span(kept: Kept, of: Resource, weight_as: str | None = None) -> ReadableSpan:
    """Return a span; `weight_as` names the attribute that says the share (%) of traces kept."""
    one = kept.span
    attributes = dict(one.attributes)
    if weight_as is not None:
        attributes[weight_as] = 100.0 / kept.weight
    parent = None if one.parent is None else _context(one.trace.id, one.parent)
    return ReadableSpan(
        name=one.name,
        context=_context(one.trace.id, one.id),
        parent=parent,
        resource=of,
        attributes=attributes,
        kind=SpanKind[one.kind.name],
        status=Status(StatusCode.ERROR if one.failed else StatusCode.UNSET),
        start_time=one.began_ns,
        end_time=one.ended_ns,
        instrumentation_scope=_SCOPE,
    )


def _context(trace_id: int, span_id: int) -> SpanContext:
    return SpanContext(trace_id, span_id, is_remote=False, trace_flags=TraceFlags(1))


def log(said: Line, within: Span | None, of: Resource) -> ReadableLogRecord:
    """Return a log line; an exception's place is told, its text is not."""
    attributes = {
        "code": said.code,
        "exception.type": said.error,
        "exception.stacktrace": said.stack,
        "logger": said.logger,
    }
    record = LogRecord(
        timestamp=int(said.at * 1e9),
        trace_id=within.trace.id if within else 0,
        span_id=within.id if within else 0,
        trace_flags=TraceFlags(1),
        severity_text=said.level,
        severity_number=_SEVERITIES.get(said.level, SeverityNumber.INFO),
        body=said.message,
        attributes={name: value for name, value in attributes.items() if value is not None},
    )
    return ReadableLogRecord(record, of, _SCOPE)


def metrics(points: Sequence[Point], of: Resource, *, since_ns: int, growth: bool) -> MetricsData:
    """Return metrics; with `growth` the points say what was added since `since_ns`."""
    way = AggregationTemporality.DELTA if growth else AggregationTemporality.CUMULATIVE
    span_ns = (since_ns, time.time_ns())
    ordered = sorted(points, key=lambda one: one.name)
    made = [
        _metric(name, list(group), way, span_ns)
        for name, group in groupby(ordered, lambda one: one.name)
    ]
    scope = ScopeMetrics(scope=_SCOPE, metrics=made, schema_url="")
    return MetricsData([ResourceMetrics(resource=of, scope_metrics=[scope], schema_url="")])


def _metric(
    name: str, points: Sequence[Point], way: AggregationTemporality, span_ns: tuple[int, int]
) -> Metric:
    instrument = points[0].instrument
    if instrument.shape == "histogram":
        spreads = [_spread(one, one.value, span_ns) for one in points if _is_spread(one)]
        return Metric(name, "", instrument.unit, Histogram(spreads, way))
    numbers = [
        NumberDataPoint(dict(one.labels), span_ns[0], span_ns[1], one.value)
        for one in points
        if not isinstance(one.value, Spread)
    ]
    if instrument.shape == "counter":
        return Metric(name, "", instrument.unit, Sum(numbers, way, is_monotonic=True))
    return Metric(name, "", instrument.unit, Gauge(numbers))


def _is_spread(point: Point) -> bool:
    return isinstance(point.value, Spread)


def _spread(point: Point, value: float | Spread, span_ns: tuple[int, int]) -> HistogramDataPoint:
    assert isinstance(value, Spread)  # noqa: S101 - chosen by `_is_spread`
    return HistogramDataPoint(
        attributes=dict(point.labels),
        start_time_unix_nano=span_ns[0],
        time_unix_nano=span_ns[1],
        count=value.count,
        sum=value.sum,
        bucket_counts=value.counts,
        explicit_bounds=point.instrument.bounds,
        min=value.least,
        max=value.most,
    )
