"""The worker: claims durable jobs, keeps their leases alive, drives them to an end.

A job that fails is tried again with growing pauses and, after `ATTEMPTS`, moved to the dead
letters; whatever it was about is then told so by the handler's `give_up`. A job that kills the
process is counted too: attempts are counted when a job is claimed.

What fails because a dependency is down does not count while the job is young (`PATIENCE_S`), and
is tried again soon: nobody waits long for a dependency that is back. Later it counts up to
`PATIENCE`, so that nothing is tried for ever.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from app.core import audit, deadlines, rests
from app.core.errors import EvaError, LeaseLostError, UnavailableError
from app.core.models import JobKind, Lease
from app.core.ports import Ports

ATTEMPTS = 5
PATIENCE = 25
PATIENCE_S = 2 * 3600.0
LEASE_S = 30.0
_POLL_S = 1.0  # until what was down is asked again
_WAIT_S = 30.0  # for work, at one go
_log = logging.getLogger("eva.work")


@dataclass(frozen=True, slots=True)
class Handler:
    """How one kind of job is done, and what is recorded when it is given up.

    What `do` returns is for whoever handed the job over.
    """

    do: Callable[[Ports, Lease], Awaitable[object]]
    give_up: Callable[[Ports, Lease], Awaitable[None]] | None = None


@dataclass(frozen=True, slots=True)
class Lane:
    """Kinds of job that share a number of places, so that slow ones never starve quick ones."""

    kinds: tuple[JobKind, ...]
    places: int


class Worker:
    """Runs lanes until cancelled. Jobs may also be handed over already leased (`adopt`)."""

    def __init__(
        self, ports: Ports, handlers: Mapping[JobKind, Handler], lanes: Sequence[Lane], *, name: str
    ) -> None:
        self.name = name
        self._ports = ports
        self._handlers = handlers
        self._lanes = lanes
        self._running: set[asyncio.Task[object]] = set()

    async def run(self) -> None:
        """Work until cancelled; then stop at once: leases run out and others take over."""
        try:
            async with asyncio.TaskGroup() as group:
                for lane in self._lanes:
                    for place in range(lane.places):
                        group.create_task(self._lane(lane, place))
        finally:
            for task in self._running:
                task.cancel()
            await asyncio.gather(*self._running, return_exceptions=True)

    def adopt(self, lease: Lease) -> asyncio.Task[object]:
        """Start a job that was born under this worker's lease; the task has what came of it."""
        task = asyncio.create_task(self._drive(lease), context=deadlines.unbounded())
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return task

    async def _lane(self, lane: Lane, place: int) -> None:
        worker = f"{self.name}/{place}"
        while True:
            try:
                lease = await self._ports.jobs.claim(lane.kinds, worker=worker, lease_s=LEASE_S)
                if lease is None:
                    await self._ports.jobs.wait(lane.kinds, _WAIT_S)
                else:
                    await self._drive(lease)
            except EvaError as error:  # the queue is down: wait for it, whatever else happens
                _log.warning("queue unavailable: %s", error.code)
                await asyncio.sleep(_POLL_S)
            except Exception:  # noqa: BLE001 - a place that ended would be missed by nobody
                _log.exception("%s could not look for work", worker)
                await asyncio.sleep(_POLL_S)

    async def _drive(self, lease: Lease) -> object:
        """Do one job under heartbeat; never raises but on cancellation. None if it wasn't done."""
        handler = self._handlers[lease.job.kind]
        job = lease.job
        audit.acting.set(
            audit.Act(tenant_id=job.tenant_id, actor="worker", action=job.kind, request_id=job.id)
        )
        try:
            if lease.attempt > PATIENCE:
                await self._give_up(handler, lease, "attempts-exhausted")
            else:
                return await self._with_heartbeat(lease, handler.do(self._ports, lease))
        except LeaseLostError:
            _log.warning("lease lost on %s", lease.job.id)
        except Exception as error:  # noqa: BLE001 - whatever it was, the job must not be lost
            _log.exception("job %s attempt %d failed", lease.job.id, lease.attempt)
            await self._again(handler, lease, error)
        return None

    async def _again(self, handler: Handler, lease: Lease, error: Exception) -> None:
        try:
            await _insisting(lambda: self._given_back(handler, lease, error), LEASE_S)
        except EvaError as again:  # the lease runs out by itself
            _log.warning("could not give %s back: %s", lease.job.id, again.code)
        except Exception:  # noqa: BLE001 - as above
            _log.exception("could not give %s back", lease.job.id)
        if isinstance(error, UnavailableError):
            await asyncio.sleep(_POLL_S)  # the next job of this place would meet the same

    async def _given_back(self, handler: Handler, lease: Lease, error: Exception) -> None:
        """Give a job back after a failure, or up."""
        reason = error.code if isinstance(error, EvaError) else type(error).__name__
        age_s = (datetime.now(UTC) - lease.job.created_at).total_seconds()
        most, rest_s, counted = ATTEMPTS, rests.failed_s(lease.attempt), True
        if isinstance(error, UnavailableError):
            most, rest_s, counted = PATIENCE, rests.waits_s(error, age_s), age_s > PATIENCE_S
        if lease.attempt >= most:
            await self._give_up(handler, lease, reason)
            return
        await self._ports.jobs.release(lease, delay_s=rest_s, reason=reason, counted=counted)

    async def _give_up(self, handler: Handler, lease: Lease, reason: str) -> None:
        if handler.give_up is not None:
            await handler.give_up(self._ports, lease)
        await self._ports.jobs.bury(lease, reason=reason)

    async def _with_heartbeat(self, lease: Lease, work: Awaitable[object]) -> object:
        """Return what came of the work, extending the lease; losing it cancels the work."""
        doing = asyncio.ensure_future(work)
        beating = asyncio.create_task(self._beat(lease))
        try:
            await asyncio.wait({doing, beating}, return_when=asyncio.FIRST_COMPLETED)
            ended = doing if doing.done() else beating
            if ended.cancelled():  # by a library: raised here, it would pass for our own end
                raise RuntimeError("the job was cancelled from within")
            return ended.result()  # of the heartbeat: raises
        finally:
            doing.cancel()
            beating.cancel()
            # gather lets a cancellation of ourselves through; awaiting each under suppress would
            # swallow it, and the lane would never end.
            await asyncio.gather(doing, beating, return_exceptions=True)

    async def _beat(self, lease: Lease) -> None:
        """Extend the lease whenever a third of it is over; LeaseLostError once all of it is."""
        while True:
            await asyncio.sleep(LEASE_S / 3)
            await _insisting(
                lambda: self._ports.jobs.extend(lease, lease_s=LEASE_S), LEASE_S * 2 / 3
            )


async def _insisting(tell: Callable[[], Awaitable[object]], within_s: float) -> None:
    """Tell the queue, again while it is down; LeaseLostError if it was for that long."""
    try:
        async with asyncio.timeout(within_s):
            while True:
                try:
                    await tell()
                except UnavailableError as error:
                    _log.warning("queue unavailable: %s", error.code)
                    await asyncio.sleep(_POLL_S)
                else:
                    return
    except TimeoutError:
        raise LeaseLostError from None
