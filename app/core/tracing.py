"""Traces: which request something is done for, across processes, and what took how long.

Nothing is recorded until a recorder begins a trace; until then a span costs one look at a context
variable. Names and attributes of spans never hold what people wrote, identifiers or addresses.
"""

import random
import re
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from enum import Enum
from typing import Protocol, TypeAlias, TypeVar

from app.core.errors import EvaError, UnavailableError

A = TypeVar("A")
R = TypeVar("R")
Attribute: TypeAlias = str | int | float | bool
_TRACEPARENT = re.compile(
    r"(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}"
)
_NS = 1_000_000_000
SLOW_S = 0.1  # a call that took longer is worth a span even in a trace that was not drawn
_MOST_SPANS = 512  # of one trace in this process; what comes after them is not kept


class Kind(Enum):
    """What a span is, as seen from this process."""

    SERVER = "server"  # answers a request
    CONSUMER = "consumer"  # does a job
    CLIENT = "client"  # asks a dependency
    INTERNAL = "internal"


@dataclass(slots=True)
class Trace:
    """This process's part of a trace: what is done for one request, or one attempt at a job.

    `weight` is how many traces a kept one stands for; None: it is kept only if it fails or drags.
    """

    id: int
    weight: float | None
    remote: int | None = None  # the span in another process that this part continues
    spans: list["Span"] = field(default_factory=list)
    over: bool = False

    @property
    def sampled(self) -> bool:
        """Tell whether what follows from it should be kept too."""
        return self.weight is not None


@dataclass(slots=True)
class Span:
    """Something that took time. Times are nanoseconds since the epoch."""

    name: str
    kind: Kind
    trace: Trace
    parent: int | None
    attributes: dict[str, Attribute] = field(default_factory=dict)
    id: int = field(default_factory=lambda: random.getrandbits(64) or 1)
    began_ns: int = field(default_factory=time.time_ns)
    ended_ns: int = 0
    failed: bool = False

    @property
    def traceparent(self) -> str:
        """Return what tells another process of this span."""
        return f"00-{self.trace.id:032x}-{self.id:016x}-{'01' if self.trace.sampled else '00'}"

    @property
    def seconds(self) -> float:
        """Return how long it took."""
        return (self.ended_ns - self.began_ns) / _NS


class Recorder(Protocol):
    """Keeps traces, or does not."""

    def continued(self, traceparent: str | None, *, trusted: bool) -> Trace:
        """Begin this process's part of a trace, new without a (valid) `traceparent`.

        Only a trusted one says itself whether it is to be kept.
        """

    def over(self, trace: Trace, root: Span) -> None:
        """Take a part whose first span has ended."""


current: ContextVar[str | None] = ContextVar("traceparent", default=None)
active: ContextVar[Span | None] = ContextVar("span", default=None)


def valid(traceparent: str | None) -> str | None:
    """Return the header's value if it is well-formed, else None."""
    return traceparent if traceparent and _TRACEPARENT.fullmatch(traceparent) else None


def carried() -> str | None:
    """Return what a job or a call takes along: this span, else the caller's, if there is any."""
    span = active.get()
    return current.get() if span is None else span.traceparent


def begin(name: str, kind: Kind = Kind.INTERNAL) -> Span | None:
    """Begin a span below the active one; it is not made active.

    None if nothing is recorded, or not this: of a trace that isn't drawn, only what fails or drags
    is worth a span (`belated`).
    """
    above = active.get()
    if above is None or above.trace.weight is None:
        return None
    return Span(name, kind, above.trace, above.id)


def belated(name: str, kind: Kind, seconds: float) -> Span | None:
    """Return a span for what is over: it failed, or took longer than `SLOW_S`."""
    above = active.get()
    if above is None:
        return None
    span = Span(name, kind, above.trace, above.id)
    span.began_ns -= int(seconds * _NS)
    return span


def end(span: Span) -> None:
    """End a span; it is kept if its trace is."""
    span.ended_ns = time.time_ns()
    spans = span.trace.spans
    if len(spans) < _MOST_SPANS and not span.trace.over:
        spans.append(span)


def fault(error: Exception) -> bool:
    """Tell whether something is wrong with the service, not with what was asked of it."""
    return not isinstance(error, EvaError) or isinstance(error, UnavailableError)


@contextmanager
def span(name: str, kind: Kind = Kind.INTERNAL, **attributes: Attribute) -> Iterator[Span | None]:
    """Record what is done within; None if nothing is recorded."""
    begun = begin(name, kind)
    if begun is None:
        yield None
        return
    begun.attributes.update(attributes)
    token = active.set(begun)
    try:
        yield begun
    except Exception as error:
        begun.failed = fault(error)
        raise
    finally:
        active.reset(token)
        end(begun)


class Part:
    """Records this process's part of a trace; its first span is active within the context."""

    __slots__ = ("_recorder", "_root", "_token")

    def __init__(self, recorder: Recorder, root: Span) -> None:
        self._recorder = recorder
        self._root = root

    def __enter__(self) -> Span:
        """Begin; the first span."""
        self._token = active.set(self._root)
        return self._root

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        """Hand the part to the recorder."""
        root, trace = self._root, self._root.trace
        if isinstance(error, Exception):
            root.failed = fault(error)
        active.reset(self._token)
        end(root)
        trace.over = True
        self._recorder.over(trace, root)
        trace.spans = []  # a circle that only the garbage collector would find


def part(
    recorder: Recorder, root: tuple[str, Kind], traceparent: str | None, *, trusted: bool
) -> Part:
    """Return a context that records this process's part of a trace."""
    trace = recorder.continued(valid(traceparent), trusted=trusted)
    name, kind = root
    return Part(recorder, Span(name, kind, trace, trace.remote))


def traced(name: str, call: Callable[[A], Awaitable[R]]) -> Callable[[A], Awaitable[R]]:
    """Return a use case that is recorded as a span wherever calls are."""

    async def recorded(given: A) -> R:
        with span(name):
            return await call(given)

    def chosen(given: A) -> Awaitable[R]:
        above = active.get()
        if above is None or above.trace.weight is None:
            return call(given)
        return recorded(given)

    return chosen
