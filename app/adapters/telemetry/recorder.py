"""What is kept of traces and log lines until it is sent. Bounded: what doesn't fit is counted."""

import logging
import random
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from app.adapters.telemetry.sampling import Sampler
from app.core import tracing
from app.core.loglines import Line, line
from app.core.tracing import Kind, Span, Trace

SLOW_S = 2.0  # a request that takes longer is kept for that alone
_MOST_SPANS, _MOST_LINES = 5000, 1000


@dataclass(frozen=True, slots=True)
class Kept:
    """A span to be sent, and how many it stands for."""

    span: Span
    weight: float


@dataclass(slots=True)
class Traces:
    """`Recorder`."""

    sampler: Sampler
    spans: deque[Kept] = field(default_factory=deque)
    dropped: int = 0

    def continued(self, traceparent: str | None, *, trusted: bool) -> Trace:
        """Begin a part of a trace. A caller's trace is continued, whether to keep it is ours."""
        if traceparent is None:
            return Trace(random.getrandbits(128) or 1, self.sampler.weight())
        _, trace_id, span_id, flags = traceparent.split("-")
        drawn = 1.0 if int(flags, 16) & 1 else None
        weight = drawn if trusted else self.sampler.weight()
        return Trace(int(trace_id, 16), weight, remote=int(span_id, 16))

    def over(self, trace: Trace, root: Span) -> None:
        """Keep the part if it was drawn, or if it failed or was slow and there is room."""
        unusual = root.failed or (root.seconds > SLOW_S and root.kind is Kind.SERVER)
        if trace.weight is None and not (unusual and self.sampler.room()):
            return
        weight = trace.weight or 1.0
        fitting = trace.spans[: max(0, _MOST_SPANS - len(self.spans))]
        self.dropped += len(trace.spans) - len(fitting)
        self.spans.extend(Kept(one, weight) for one in fitting)

    def taken(self) -> Sequence[Kept]:
        """Return what was kept since the last taking."""
        kept = list(self.spans)
        self.spans.clear()
        return kept


class Lines(logging.Handler):
    """Keeps our own log lines of warning and above; the libraries' may say anything."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.lines: deque[tuple[Line, Span | None]] = deque(maxlen=_MOST_LINES)

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a line with the span that it was said in."""
        self.lines.append((line(record), tracing.active.get()))

    def taken(self) -> Sequence[tuple[Line, Span | None]]:
        """Return what was kept since the last taking; lines may come from other threads."""
        return [self.lines.popleft() for _ in range(len(self.lines))]
