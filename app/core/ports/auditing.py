"""The audit trail, durable."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from app.core.audit import Report
from app.core.models import Page
from app.core.models.auditing import AuditEvent, Checkpoint


@dataclass(frozen=True, slots=True, kw_only=True)
class Noted:
    """A request that was answered, to be recorded; or how many alike (`count`) were."""

    tenant_id: str
    actor: str
    action: str
    decision: str
    outcome: str
    targets: tuple[str, ...] = ()
    request_id: str = ""
    count: int = 1
    personal: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditFilter:
    """Which events an auditor wants; None means any."""

    actor: str | None = None
    action: str | None = None
    target: str | None = None
    outcome: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    request_id: str | None = None


class AuditLog(Protocol):
    """Records what happens. Changes are recorded by `Records.commit`, in their transaction."""

    def note(self, noted: Noted) -> None:
        """Record a request soon, without making it wait.

        UnavailableError when so many wait to be written that no more may be taken on.
        """

    async def flush(self) -> None:
        """Return when everything noted so far is durable."""

    async def events(
        self, tenant_id: str, wanted: AuditFilter, *, after: str | None, limit: int
    ) -> Page[AuditEvent]:
        """List the tenant's events, oldest first."""

    async def erase_personal(self, tenant_id: str, actor: str) -> int:
        """Erase the personal data of an actor's events; the chains stay whole. How many."""

    async def seal(self) -> Checkpoint | None:
        """Write a checkpoint if the last one is due for a successor; None if it is not."""

    async def verify(self) -> Report:
        """Check the whole trail, of all tenants."""
