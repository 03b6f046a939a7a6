"""The moment by which a request must be answered, carried to whatever is asked on its behalf."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import Context, ContextVar, copy_context

_deadline: ContextVar[float | None] = ContextVar("deadline", default=None)


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Let what is done inside take no longer than this; an earlier deadline that is set stays."""
    until = time.monotonic() + seconds
    outer = _deadline.get()
    token = _deadline.set(until if outer is None else min(outer, until))
    try:
        yield
    finally:
        _deadline.reset(token)


def unbounded() -> Context:
    """Return a copy of what is around, without a deadline: for work that outlives its request."""
    context = copy_context()
    context.run(_deadline.set, None)
    return context


def remaining() -> float | None:
    """Return the seconds that are left, not below 0; None where there is no deadline."""
    until = _deadline.get()
    return None if until is None else max(0.0, until - time.monotonic())
