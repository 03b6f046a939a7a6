"""The jobs that this process knows the next moment of: those it holds, and those that rest.

A job that is held here is settled by the tag that is remembered with it, without being read. Its
entry is not marked as held before the first heartbeat, as most jobs are done by then: this process
leaves such jobs out when it looks for work, and another one that follows the entry puts it right.
"""

import math
from collections import defaultdict
from dataclasses import dataclass

from app.core.models import Job, JobKind, Lease


@dataclass(frozen=True, slots=True)
class _Known:
    job: Job
    until: float  # seconds since 1970: when the job is due again, if nothing happens
    token: str | None = None
    tag: str | None = None


class Leases:
    """What is forgotten is looked for, and read, again."""

    def __init__(self) -> None:
        self._known: defaultdict[JobKind, dict[tuple[str, str], _Known]] = defaultdict(dict)

    def hold(self, lease: Lease, tag: str) -> None:
        """Remember a job that is held here until the lease runs out."""
        until = lease.expires_at.timestamp()
        self._put(_Known(lease.job, until, lease.token, tag))

    def rest(self, job: Job, until: float) -> None:
        """Remember when a job is due that nobody, or another process, holds."""
        self._put(_Known(job, until))

    def tag(self, lease: Lease) -> str | None:
        """Return the tag of a job that is held under this lease, once; None if it isn't known."""
        known = self._known[lease.job.kind].get(_key(lease.job))
        if known is None or known.token != lease.token or known.tag is None:
            return None
        self._put(_Known(known.job, known.until, known.token))
        return known.tag

    def end(self, job: Job) -> None:
        """Forget a job that is done, or was given up."""
        self._known[job.kind].pop(_key(job), None)

    def held(self, kind: JobKind, now: float) -> list[Job]:
        """Return the jobs that are held here."""
        return [
            one.job
            for one in self._known[kind].values()
            if one.token is not None and one.until > now
        ]

    def next_due(self, kind: JobKind) -> float:
        """Return when the first of the known jobs is due; infinity without any."""
        return min((one.until for one in self._known[kind].values()), default=math.inf)

    def looked(self, kind: JobKind, now: float) -> None:
        """Forget the jobs that are due: a look finds them."""
        known = self._known[kind]
        for key in [key for key, one in known.items() if one.until <= now]:
            del known[key]

    def _put(self, known: _Known) -> None:
        self._known[known.job.kind][_key(known.job)] = known


def _key(job: Job) -> tuple[str, str]:
    return job.tenant_id, job.id
