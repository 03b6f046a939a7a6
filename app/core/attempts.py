"""Attempts at jobs, recorded in the trace of the request that enqueued them, and counted."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from app.core import metrics, tracing
from app.core.errors import LeaseLostError
from app.core.models import JobKind, Lease
from app.core.ports import Ports
from app.core.tracing import Kind, Recorder
from app.core.work import Handler

Do = Callable[[Ports, Lease], Awaitable[object]]


def recorded(
    handlers: Mapping[JobKind, Handler], recorder: Recorder | None
) -> Mapping[JobKind, Handler]:
    """Return the handlers, each attempt told of; without a recorder it is only counted."""
    return {
        kind: Handler(do=_told(handler.do, recorder), give_up=handler.give_up)
        for kind, handler in handlers.items()
    }


def _told(do: Do, recorder: Recorder | None) -> Do:
    async def attempt(ports: Ports, lease: Lease) -> object:
        outcome = "failed"
        try:
            if recorder is None:
                made = await do(ports, lease)
            else:
                made = await _traced(do, recorder, ports, lease)
            outcome = "done"
        except (LeaseLostError, asyncio.CancelledError):
            outcome = "cancelled"
            raise
        finally:
            metrics.job_ended(lease.job, outcome)
        return made

    return attempt


async def _traced(do: Do, recorder: Recorder, ports: Ports, lease: Lease) -> object:
    kind = lease.job.kind.value
    root = (f"job {kind}", Kind.CONSUMER)
    with tracing.part(recorder, root, lease.job.traceparent, trusted=True) as span:
        span.attributes |= {"eva.job.kind": kind, "eva.job.attempt": lease.attempt}
        span.attributes["eva.outcome"] = "failed"
        made = await do(ports, lease)
        span.attributes["eva.outcome"] = "done"
    return made
