"""Counting what is used, durably, and holding it to budgets."""

from collections.abc import Sequence
from typing import Protocol

from app.core.models import Query, Usage
from app.core.models.spending import Spending


class Meter(Protocol):
    """Counts what is used. What costs is durable on return; mere requests are soon after."""

    async def request(self, tenant_id: str, principal_id: str) -> None:
        """Count a request; BudgetExceededError (and not counted) if there is no budget for it."""

    async def question(self, tenant_id: str, principal_id: str, space_ids: Sequence[str]) -> None:
        """Count a question; BudgetExceededError as above, also for the budget of a space."""

    async def answer(self, query: Query, usage: Usage) -> None:
        """Count what an answer cost."""

    async def between(self, tenant_id: str, first: str, last: str) -> Sequence[Spending]:
        """Return what the tenant used from one day to another, both included."""
