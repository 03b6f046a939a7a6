"""Budgets: how much a tenant, a key or a space may use in a day or a month (UTC)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from math import ceil

from app.core.errors import BudgetExceededError
from app.core.models.spending import Spending

MILLIONTHS = 1_000_000


class Measure(StrEnum):
    """What is budgeted. The requests of a space are the questions that it is asked."""

    REQUESTS = "requests"
    TOKENS = "tokens"
    MONEY = "money"


class Period(StrEnum):
    """For how long."""

    DAY = "day"
    MONTH = "month"

    def named(self, day: str) -> str:
        """Return the period that a day such as 2026-11-22 is in."""
        return day if self is Period.DAY else day[:7]

    def ends(self, now: datetime) -> datetime:
        """Return when the period of this moment is over."""
        today = now.replace(hour=0, minute=0, second=0, microsecond=0)
        if self is Period.DAY:
            return today + timedelta(days=1)
        return (today.replace(day=1) + timedelta(days=32)).replace(day=1)


class Owner(StrEnum):
    """Whose budget it is."""

    TENANT = "tenant"
    KEY = "key"
    SPACE = "space"


@dataclass(frozen=True, slots=True)
class Purse:
    """What is spent together: `id` is a principal's or space's, "" for the whole tenant."""

    owner: Owner
    id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """A limit; of money in millionths."""

    tenant_id: str
    purse: Purse
    measure: Measure
    period: Period
    limit: int

    def exceeded(self, now: datetime) -> BudgetExceededError:
        """Return the error that tells of it."""
        money = self.measure is Measure.MONEY
        return BudgetExceededError(
            limit=f"{self.limit / MILLIONTHS:g}" if money else self.limit,
            reason=said(self.measure, self.period, self.purse.owner),
            retry_after=ceil((self.period.ends(now) - now).total_seconds()),
        )


def said(measure: Measure, period: Period, owner: Owner) -> str:
    """Return in words what a budget limits."""
    return f"{measure} a {period} for this {owner}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Prices:
    """What is charged, in millionths: for a question, and for a million tokens."""

    question: int = 0
    prompt: int = 0
    completion: int = 0

    def of_tokens(self, prompt: int, completion: int) -> int:
        """Return the price of tokens, rounded up."""
        return -(-(prompt * self.prompt + completion * self.completion) // MILLIONTHS)


def parse(text: str) -> Budget:
    """Read `WHO:MEASURE/PERIOD=LIMIT`; ValueError.

    WHO is a tenant (`ten_a`), one of its spaces (`ten_a/spc_…`) or keys (`ten_a/key:…`).
    """
    left, _, amount = text.rpartition("=")
    who, _, what = left.rpartition(":")
    tenant, _, id_ = who.partition("/")
    measure, _, period = what.partition("/")
    limit = float(amount)
    if not tenant or not 0 <= limit < MILLIONTHS**2:
        raise ValueError(text)
    return Budget(
        tenant_id=tenant,
        purse=_purse(id_),
        measure=Measure(measure),
        period=Period(period),
        limit=round(limit * MILLIONTHS) if measure == Measure.MONEY else int(limit),
    )


def _purse(id_: str) -> Purse:
    if not id_:
        return Purse(Owner.TENANT)
    return Purse(Owner.SPACE if id_.startswith("spc_") else Owner.KEY, id_)


Spent = Mapping[tuple[Purse, str, Measure], int]
"""What is spent, by purse, name of the period, and measure."""


def used(budget: Budget, rows: Sequence[Spending], day: str) -> float:
    """Return the share of a budget that these rows used up in the period of a day; 1 is all."""
    period = budget.period.named(day)
    mine = [row for row in rows if budget.period.named(row.day) == period]
    spent = sum(_amount(budget.measure, budget.purse, row) for row in mine)
    return spent / budget.limit if budget.limit else 1.0


def _amount(measure: Measure, purse: Purse, row: Spending) -> int:
    if purse.id not in ("", row.principal_id, row.space_id):
        return 0
    match measure:
        case Measure.REQUESTS:
            return row.questions if purse.owner is Owner.SPACE else row.requests
        case Measure.TOKENS:
            return row.prompt_tokens + row.completion_tokens
        case Measure.MONEY:
            return row.money
