"""What is the case now: looked at every few seconds, whoever asks."""

import asyncio
import os
import resource
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeAlias

from app.adapters.telemetry import certificates
from app.adapters.telemetry.meters import Meters
from app.adapters.telemetry.outcomes import Sealing
from app.core import metrics
from app.core.budgets import Budget, used
from app.core.kinds import API_KEYS
from app.core.models import Partition
from app.core.models import Scope as Permission
from app.core.ports import Listing, Ports
from app.core.repeating import repeat

PAUSE_S = 15.0
_SLOWLY = 20  # every so many looks: what changes by the hour
_MOST_TENANTS = 50
_EXPIRES = "eva.credentials.expires_in"
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
Labels: TypeAlias = dict[str, str]


@dataclass(slots=True)
class Gauges:
    """Looks, again and again, until cancelled."""

    meters: Meters
    ports: Ports
    about: Labels  # backend and version
    roles: tuple[str, ...] = ("api",)  # that this process plays
    active: Callable[[], int] = lambda: 0
    data_dir: Path | None = None
    budgets: tuple[Budget, ...] = ()
    sealing: Sealing = field(default_factory=Sealing)
    hosts: tuple[str, ...] = ()  # names of the service that show a certificate
    _looks: int = field(default=0, init=False)

    async def run(self) -> None:
        """Look until cancelled; what can't be seen now is seen later."""
        await repeat("looking at what is measured", self.look, PAUSE_S)

    async def look(self) -> None:
        """Look once."""
        self.process()
        await self._jobs()
        await self._budgets()
        if self._looks % _SLOWLY == 0:
            self._expires("certificate", await self._certificates())
            self._expires("api_key", await self._keys())
        self._looks += 1

    def process(self) -> None:
        """Look at this process, on its event loop."""
        for role in self.roles:
            self.meters.gauge("eva.up", {"role": role, **self.about}, 1)
        self.meters.gauge("eva.requests.active", {}, self.active())
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        self.meters.gauge("process.memory.usage", {}, pages * _PAGE_BYTES)
        spent = resource.getrusage(resource.RUSAGE_SELF)
        self.meters.gauge("process.cpu.time", {}, spent.ru_utime + spent.ru_stime)
        files = len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - a path each costs more
        self.meters.gauge("process.open_file_descriptor.count", {}, files)
        self.meters.gauge("eva.tasks", {}, len(asyncio.all_tasks()))
        if self.data_dir is not None:
            disk = shutil.disk_usage(self.data_dir)
            self.meters.gauge("eva.disk.used", {}, disk.used / disk.total)

        if self.sealing.at is not None:
            age = time.monotonic() - self.sealing.at
            self.meters.gauge("eva.audit.unsealed_age", {}, age)

    async def _jobs(self) -> None:
        depth = await self.ports.jobs.depth()
        self.meters.gauge("eva.jobs.dead", {}, depth["dead"])
        for kind, (number, age) in (await self.ports.jobs.waiting()).items():
            self.meters.gauge("eva.jobs.waiting", {"kind": kind.value}, number)
            self.meters.gauge("eva.jobs.oldest_age", {"kind": kind.value}, age)

    async def _budgets(self) -> None:
        today = datetime.now(UTC).date().isoformat()
        self.meters.forget("eva.budget.used")
        fullest: dict[tuple[str, str, str], float] = {}
        for tenant_id in dict.fromkeys(one.tenant_id for one in self.budgets):
            rows = await self.ports.meter.between(tenant_id, f"{today[:7]}-01", today)
            for budget in self.budgets:
                if budget.tenant_id == tenant_id:
                    kind = (tenant_id, budget.measure.value, budget.period.value)
                    share = used(budget, rows, today)
                    fullest[kind] = max(share, fullest.get(kind, 0.0))
        for (tenant_id, measure, period), share in fullest.items():
            labels = {"tenant": metrics.tenant(tenant_id), "resource": measure, "period": period}
            self.meters.gauge("eva.budget.used", labels, share)

    def _expires(self, kind: str, left_s: float | None) -> None:
        """Tell when the next credential of a kind expires; of other kinds others tell."""
        self.meters.forget(_EXPIRES, {"kind": kind})
        if left_s is not None:
            self.meters.gauge(_EXPIRES, {"kind": kind}, left_s)

    async def _certificates(self) -> float | None:
        found = await asyncio.gather(*map(certificates.left_s, self.hosts))
        return min((one for one in found if one is not None), default=None)

    async def _keys(self) -> float | None:
        now, soonest = datetime.now(UTC), None
        for tenant_id in (await self.ports.records.tenants())[:_MOST_TENANTS]:
            page = await self.ports.records.page(API_KEYS, Partition(tenant_id), Listing(limit=100))
            ends = [
                one.value.expires_at
                for one in page.items
                if one.value.expires_at is not None
                and one.value.revoked_at is None
                and Permission.ADMIN_ALL in one.value.scopes
                and one.value.expires_at > now
            ]
            soonest = min([*ends, *([soonest] if soonest else [])], default=None)
        return None if soonest is None else (soonest - now).total_seconds()
