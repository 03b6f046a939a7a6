"""The ledger of what is used: counted in memory, kept as records that only this process writes.

A record holds a day's sums of one principal in one space. Each process writes records of its own,
whole ones, so that no two ever wait for each other. Whoever has a budget is looked up again every
`_STALE_S` seconds: by so much processes can be behind each other.
"""

import asyncio
import contextlib
import hashlib
import logging
import secrets
import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TypeAlias

from app.core.budgets import Budget, Measure, Owner, Period, Prices, Purse
from app.core.errors import EvaError
from app.core.kinds import USAGE
from app.core.models import Partition, Query, Usage
from app.core.models.spending import Spending
from app.core.ports import MOST_CHANGES, Listing, Put, Records
from app.core.repeating import repeat

_FLUSH_S = 5.0
_STALE_S = 30.0
_DAY_S = 86_400
_PAGE = 100
_log = logging.getLogger("eva.usage")


@dataclass(slots=True)
class _View:
    """What a tenant has spent this month, by budget's key; good until it is stale."""

    month: str
    read_at: float
    spent: Counter[tuple[Purse, str, Measure]]

    def add(self, row: Spending) -> None:
        for purse, measure, amount in _parts(row):
            if amount:
                for period in Period:
                    self.spent[purse, period.named(row.day), measure] += amount


def _parts(row: Spending) -> Iterator[tuple[Purse, Measure, int]]:
    """Yield what a row adds to whose purse."""
    tokens = row.prompt_tokens + row.completion_tokens
    for purse in (Purse(Owner.TENANT), Purse(Owner.KEY, row.principal_id)):
        yield purse, Measure.REQUESTS, row.requests
        yield purse, Measure.TOKENS, tokens
        yield purse, Measure.MONEY, row.money
    if row.space_id:
        purse = Purse(Owner.SPACE, row.space_id)
        yield purse, Measure.REQUESTS, row.questions
        yield purse, Measure.TOKENS, tokens
        yield purse, Measure.MONEY, row.money


_Key: TypeAlias = tuple[str, str, str, str]  # tenant, day, principal, space


@dataclass(slots=True)
class _Tally:
    """What one principal has used on a day in a space, by name of `Spending`'s fields."""

    id: str
    amounts: Counter[str] = field(default_factory=Counter)

    def spending(self, key: _Key) -> Spending:
        _, day, principal_id, space_id = key
        return Spending(
            id=self.id, day=day, principal_id=principal_id, space_id=space_id, **self.amounts
        )


class Ledger:
    """`Meter` on records."""

    def __init__(
        self,
        records: Records,
        budgets: Sequence[Budget] = (),
        prices: Prices | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._records = records
        self._prices = prices or Prices()
        self._clock = clock
        self._writer = secrets.token_hex(8)
        self._budgets: defaultdict[str, list[Budget]] = defaultdict(list)
        for budget in budgets:
            self._budgets[budget.tenant_id].append(budget)
        self._tallies: dict[_Key, _Tally] = {}
        self._dirty: set[_Key] = set()
        self._views: dict[str, _View] = {}
        self._day = (0, "1970-01-01")  # since 1970, and its name
        self._writing = asyncio.Lock()
        self._wanted = self._written = 0  # flushes asked for; the last one that is done
        self._reading = asyncio.Lock()

    async def request(self, tenant_id: str, principal_id: str) -> None:
        """Check and count in one step: no other request comes between."""
        if tenant_id in self._budgets:
            await self._fresh(tenant_id)
            self._require(tenant_id, Purse(Owner.TENANT), Purse(Owner.KEY, principal_id))
        self._add(tenant_id, principal_id, requests=1)

    async def question(self, tenant_id: str, principal_id: str, space_ids: Sequence[str]) -> None:
        """Check and count in one step; what a question costs is durable before it is asked."""
        if tenant_id in self._budgets:
            await self._fresh(tenant_id)
            self._require(tenant_id, *(Purse(Owner.SPACE, id_) for id_ in space_ids))
        price = self._prices.question
        self._add(tenant_id, principal_id, space_ids[0], questions=1, money=price)
        if price:
            await self.flush()

    async def answer(self, query: Query, usage: Usage) -> None:
        """Count tokens; an answer that no model had a part in has none and costs no write."""
        if not usage.prompt_tokens and not usage.completion_tokens:
            return
        self._add(
            query.tenant_id,
            query.created_by,
            query.space_ids[0],
            prompt_tokens=usage.prompt_tokens,
            completion_tokens=usage.completion_tokens,
            money=self._prices.of_tokens(usage.prompt_tokens, usage.completion_tokens),
        )
        await self.flush()

    async def between(self, tenant_id: str, first: str, last: str) -> Sequence[Spending]:
        """Read records, this process's newest included."""
        await self.flush()
        return [row async for row in self._stored(tenant_id, first, last)]

    async def flush(self) -> None:
        """Return when everything counted so far is durable; UnavailableError.

        Of those who ask while a flush is under way, one makes the next for all of them.
        """
        mine = self._wanted = self._wanted + 1
        async with self._writing:
            if self._written >= mine:
                return
            wanted, waiting = self._wanted, set(self._dirty)  # what comes later is for the next
            while waiting:
                tenant_id = next(iter(waiting))[0]
                keys = [key for key in waiting if key[0] == tenant_id][:MOST_CHANGES]
                waiting.difference_update(keys)
                self._dirty.difference_update(keys)
                puts = [Put(kind=USAGE, value=self._tallies[key].spending(key)) for key in keys]
                try:
                    await self._records.commit(Partition(tenant_id), *puts)
                except BaseException:
                    self._dirty.update(keys)
                    raise
            self._written = wanted
            self._forget(self._today())

    def _add(self, tenant_id: str, principal_id: str, space_id: str = "", **used: int) -> None:
        key = (tenant_id, self._today(), principal_id, space_id)
        tally = self._tallies.get(key) or self._begun(key)
        tally.amounts.update(used)
        self._dirty.add(key)
        if tenant_id in self._views:
            self._views[tenant_id].add(_Tally(tally.id, Counter(used)).spending(key))

    def _begun(self, key: _Key) -> _Tally:
        _, day, principal_id, space_id = key
        whose = hashlib.sha256(f"{principal_id}\0{space_id}".encode()).hexdigest()[:16]
        tally = self._tallies[key] = _Tally(f"{day}:{whose}:{self._writer}")
        return tally

    def _require(self, tenant_id: str, *purses: Purse) -> None:
        day = self._today()
        spent = self._views[tenant_id].spent
        for budget in self._budgets[tenant_id]:
            key = (budget.purse, budget.period.named(day), budget.measure)
            if budget.purse in purses and spent[key] >= budget.limit:
                raise budget.exceeded(datetime.fromtimestamp(self._clock(), UTC))

    async def _fresh(self, tenant_id: str) -> None:
        """See that what the tenant has spent is known, other processes' part included."""
        if self._is_fresh(tenant_id):
            return
        async with self._reading:
            if self._is_fresh(tenant_id):
                return
            month = self._today()[:7]
            stored = [row async for row in self._stored(tenant_id, month, f"{month}-99")]
            view = _View(month, time.monotonic(), Counter())
            mine = [one.spending(key) for key, one in self._tallies.items() if key[0] == tenant_id]
            for row in {one.id: one for one in (*stored, *mine)}.values():
                view.add(row)
            self._views[tenant_id] = view

    def _is_fresh(self, tenant_id: str) -> bool:
        view = self._views.get(tenant_id)
        if view is None or view.month != self._today()[:7]:
            return False
        return time.monotonic() - view.read_at < _STALE_S

    async def _stored(self, tenant_id: str, first: str, last: str) -> AsyncIterator[Spending]:
        after: str | None = first
        while after is not None:
            listing = Listing(after=after, limit=_PAGE)
            page = await self._records.page(USAGE, Partition(tenant_id), listing)
            for found in page.items:
                if found.value.day > last:
                    return
                yield found.value
            after = page.next_after

    def _forget(self, today: str) -> None:
        """Drop the sums of days that are over; once they are records, never written again."""
        over = [key for key in self._tallies if key[1] != today and not self._dirty]
        for key in over:
            del self._tallies[key]
        if over:  # a clock set back would else begin their records anew
            self._writer = secrets.token_hex(8)

    def _today(self) -> str:
        days = int(self._clock() // _DAY_S)
        if days != self._day[0]:
            self._day = (days, datetime.fromtimestamp(days * _DAY_S, UTC).date().isoformat())
        return self._day[1]


@contextlib.asynccontextmanager
async def metering(
    records: Records, budgets: Sequence[Budget], prices: Prices
) -> AsyncIterator[Ledger]:
    """Keep a ledger for the duration of the context, and all of it at its end."""
    ledger = Ledger(records, budgets, prices)
    running = asyncio.create_task(repeat("keeping usage", ledger.flush, _FLUSH_S))
    try:
        yield ledger
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        try:
            await ledger.flush()
        except EvaError as error:
            _log.critical("usage of the last seconds is lost: %s", error.code)
