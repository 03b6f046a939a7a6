"""Durable jobs under leases."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from app.core.models import (
    DeadJob,
    JobKind,
    Lease,
    Page,
)


class JobQueue(Protocol):
    """Durable jobs under leases. Jobs enter by `Enqueue` and leave by `Settle` in a commit."""

    async def claim(self, kinds: Sequence[JobKind], *, worker: str, lease_s: float) -> Lease | None:
        """Claim the oldest job that is free or whose lease ran out; None if there is none."""

    async def wait(self, kinds: Sequence[JobKind], timeout_s: float) -> None:
        """Return when there may be something to claim, at the latest after the timeout."""

    async def extend(self, lease: Lease, *, lease_s: float) -> Lease:
        """Keep a job; raises LeaseLostError if another worker has it or it is gone."""

    async def release(
        self, lease: Lease, *, delay_s: float, reason: str, counted: bool = True
    ) -> None:
        """Give a job back, to be claimed again no sooner than after the delay.

        An attempt that is not counted was none: the next one bears its number.
        """

    async def bury(self, lease: Lease, *, reason: str) -> None:
        """Give a job up: it moves to the dead-letter list."""

    async def dead(self, tenant_id: str, *, after: str | None, limit: int) -> Page[DeadJob]:
        """List the tenant's dead jobs by ascending id."""

    async def replay(self, tenant_id: str, job_id: str) -> bool:
        """Move a dead job back into the queue with fresh attempts; False if there is none."""

    async def depth(self) -> Mapping[str, int]:
        """Return `{"waiting": n, "running": n, "dead": n, "oldest_s": seconds}`."""

    async def waiting(self) -> Mapping[JobKind, tuple[int, int]]:
        """Return how many jobs nobody holds, and the age in seconds of the oldest, by kind."""
