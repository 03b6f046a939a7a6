"""Ports whose calls are measured and recorded. Without telemetry nothing is put in between."""

import inspect
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any, cast

from app.adapters.methods import public_methods
from app.adapters.telemetry.outcomes import Prices, Sealing, Watch, watches
from app.core import metrics, tracing
from app.core.errors import EvaError, UnavailableError
from app.core.ports import Ports
from app.core.tracing import Kind

_STREAMS = frozenset({"blobs.read"})  # a guard round them hides what they are
_UNTOLD = frozenset({"wait", "run"})  # waiting is what these are for


def observed(
    ports: Ports, dependencies: Mapping[str, str], prices: Prices, sealing: Sealing
) -> Ports:
    """Return the ports, those named in `dependencies` (port to dependency) watched."""
    extra = watches(prices, sealing)
    watched = {
        port: _Watched(getattr(ports, port), port, dependency, extra)
        for port, dependency in dependencies.items()
    }
    meter = _Watched(ports.meter, "meter", None, extra)
    return replace(ports, meter=cast("Any", meter), **cast("Any", watched))


class _Watched:
    """An adapter, its asynchronous methods watched; everything else is its own."""

    def __init__(
        self, inner: object, port: str, dependency: str | None, extra: Mapping[str, Watch]
    ) -> None:
        self._inner = inner
        for name, method in public_methods(inner):
            if name in _UNTOLD:
                continue
            also = extra.get(f"{port}.{name}")
            streams = inspect.isasyncgenfunction(method) or f"{port}.{name}" in _STREAMS
            if streams and dependency is not None:
                setattr(self, name, _stream(cast("Any", method), dependency, f"{port}.{name}"))
            elif inspect.iscoroutinefunction(method):
                called = _call(method, dependency, f"{port}.{name}") if dependency else method
                setattr(self, name, _told(called, also) if also else called)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the adapter has
        return getattr(self._inner, name)


def _call(
    method: Callable[..., Awaitable[Any]], dependency: str, operation: str
) -> Callable[..., Awaitable[Any]]:
    measuring = _Measuring(dependency, operation)

    async def watched(*args: Any, **named: Any) -> Any:  # noqa: ANN401 - the method's own
        span = tracing.begin(measuring.name, Kind.CLIENT)
        began = time.perf_counter()
        token = tracing.active.set(span) if span is not None else None
        outcome = "ok"
        try:
            return await method(*args, **named)
        except Exception as error:
            outcome = _outcome(error)
            raise
        finally:
            if token is not None:
                tracing.active.reset(token)
            measuring.ended(span, began, outcome)

    return watched


def _stream(
    method: Callable[..., AsyncIterator[Any]], dependency: str, operation: str
) -> Callable[..., AsyncIterator[Any]]:
    measuring = _Measuring(dependency, operation)

    async def watched(*args: Any, **named: Any) -> AsyncIterator[Any]:  # noqa: ANN401 - as above
        span = tracing.begin(measuring.name, Kind.CLIENT)
        began = time.perf_counter()
        outcome = "ok"
        try:
            async for one in method(*args, **named):
                yield one
        except Exception as error:
            outcome = _outcome(error)
            raise
        finally:
            measuring.ended(span, began, outcome)

    return watched


def _told(method: Callable[..., Awaitable[Any]], watch: Watch) -> Callable[..., Awaitable[Any]]:
    async def watched(*args: Any, **named: Any) -> Any:  # noqa: ANN401 - the method's own
        result = await method(*args, **named)
        watch(args)
        return result

    return watched


class _Measuring:
    """Measures one operation of a dependency."""

    def __init__(self, dependency: str, operation: str) -> None:
        self.name = f"{dependency} {operation}"
        self._dependency = dependency

    def ended(self, span: tracing.Span | None, began: float, outcome: str) -> None:
        """Tell of a call."""
        seconds = time.perf_counter() - began
        metrics.calls.add((self._dependency, outcome), seconds)
        if span is None and (outcome != "ok" or seconds > tracing.SLOW_S):
            span = tracing.belated(self.name, Kind.CLIENT, seconds)
        if span is not None:
            span.failed = outcome != "ok"
            span.attributes["eva.dependency"] = self._dependency
            span.attributes["eva.outcome"] = outcome
            tracing.end(span)


def _outcome(error: Exception) -> str:
    """Return how a call ended; a dependency that says no for a good reason did its work."""
    if isinstance(error, UnavailableError):
        return str(error.facts.get("outcome", "error"))
    if isinstance(error, EvaError):
        return "ok"
    return "timeout" if isinstance(error, TimeoutError) else "error"
