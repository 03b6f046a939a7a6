import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from app.core import chargeback, usage
from app.core.budgets import Budget, Prices, parse
from app.core.errors import BudgetExceededError, UnavailableError
from app.core.kinds import USAGE
from app.core.models import Partition, Query, Usage
from app.core.ports import Listing, Ports, Records
from app.core.usage import Ledger
from tests.clock import Clock

TENANT, KEY, SPACE = "ten_a", "key:a", "spc_a"
DAY = "2026-11-30"
NOON = datetime(2026, 11, 30, 12, tzinfo=UTC).timestamp()


@pytest.fixture
def clock() -> Clock:
    return Clock(NOON)


def ledger(ports: Ports, clock: Clock, *budgets: str, **prices: int) -> Ledger:
    parsed: list[Budget] = [parse(f"{TENANT}{one}") for one in budgets]
    return Ledger(ports.records, parsed, Prices(**prices), clock)


def asked(**changes: Any) -> Query:
    query = Query(
        id="qry_1",
        tenant_id=TENANT,
        space_ids=(SPACE,),
        question="Why?",
        created_at=datetime.now(UTC),
        created_by=KEY,
    )
    return replace(query, **changes)


async def total(book: Ledger, first: str = "2026-01-01", last: str = "2027-12-31") -> list[int]:
    """Requests, questions, tokens read and written, money."""
    found = chargeback.Sum.of(await book.between(TENANT, first, last))
    tokens = [found.prompt_tokens, found.completion_tokens]
    return [found.requests, found.questions, *tokens, found.money]


async def test_what_is_counted_is_kept_and_added_up(ports: Ports, clock: Clock) -> None:
    book = ledger(ports, clock, question=7, prompt=1_000_000, completion=3_000_000)
    for _ in range(4):
        await book.request(TENANT, KEY)
    await book.question(TENANT, KEY, [SPACE, "spc_b"])
    await book.answer(asked(), Usage(prompt_tokens=100, completion_tokens=10))
    assert await total(ledger(ports, clock)) == [4, 1, 100, 10, 7 + 130]


async def test_what_an_answer_cost_is_durable_when_it_is_counted(
    ports: Ports, clock: Clock
) -> None:
    book = ledger(ports, clock, prompt=1_000_000)
    await book.answer(asked(), Usage(prompt_tokens=100))
    page = await ports.records.page(USAGE, Partition(TENANT), Listing(limit=100))
    [row] = [one.value for one in page.items]
    assert (row.day, row.principal_id, row.space_id, row.money) == (DAY, KEY, SPACE, 100)


async def test_processes_that_count_at_once_lose_nothing(ports: Ports, clock: Clock) -> None:
    books = [ledger(ports, clock, prompt=1_000_000) for _ in range(4)]
    used = Usage(prompt_tokens=1)
    await asyncio.gather(*(book.answer(asked(), used) for book in books for _ in range(50)))
    assert (await total(books[0]))[2] == 200


async def test_keeping_what_was_counted_ends_although_more_is_counted(
    ports: Ports, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    book, commit, commits = ledger(ports, clock), ports.records.commit, 0

    async def busy(*args: Any) -> Any:
        nonlocal commits
        commits += 1
        assert commits < 20, "it never ends while requests keep coming"
        await book.request(TENANT, KEY)
        return await commit(*args)

    monkeypatch.setattr(ports.records, "commit", busy)
    await book.request(TENANT, KEY)
    await book.flush()
    monkeypatch.undo()
    assert (await total(book))[0] == 2


async def test_days_are_told_apart(ports: Ports, clock: Clock) -> None:
    book = ledger(ports, clock)
    for _ in range(3):
        await book.request(TENANT, KEY)
        await book.flush()
        clock.now += 86400
    assert (await total(book, DAY, DAY))[0] == 1
    assert (await total(book, "2026-12-01", "2026-12-01"))[0] == 1
    assert (await total(book))[0] == 3


async def test_a_clock_set_back_over_midnight_loses_nothing(ports: Ports, clock: Clock) -> None:
    book = ledger(ports, clock)
    for moved in (0, 86400, -86400, 86400):
        clock.now += moved
        await book.request(TENANT, KEY)
        await book.flush()
    assert (await total(book))[0] == 4


class Failing:
    """Records that can't be written for a while."""

    def __init__(self, records: Records) -> None:
        self._records = records
        self.broken = True

    def __getattr__(self, name: str) -> Any:
        return getattr(self._records, name)

    async def commit(self, *arguments: Any) -> Any:
        if self.broken:
            raise UnavailableError(dependency="records")
        return await self._records.commit(*arguments)


async def test_what_could_not_be_kept_is_kept_later(ports: Ports, clock: Clock) -> None:
    records: Any = Failing(ports.records)
    book = Ledger(records, clock=clock)
    await book.request(TENANT, KEY)
    with pytest.raises(UnavailableError):
        await book.flush()
    await book.request(TENANT, KEY)
    records.broken = False
    assert (await total(book))[0] == 2


async def test_an_answer_whose_cost_cannot_be_kept_fails(ports: Ports, clock: Clock) -> None:
    records: Any = Failing(ports.records)
    with pytest.raises(UnavailableError):
        await Ledger(records, clock=clock).answer(asked(), Usage(prompt_tokens=1))


async def test_what_was_counted_is_kept_when_the_service_ends(ports: Ports) -> None:
    async with usage.metering(ports.records, (), Prices()) as book:
        await book.request(TENANT, KEY)
    assert (await total(Ledger(ports.records)))[0] == 1


async def test_no_more_requests_than_the_budget_pass_of_many_at_once(
    ports: Ports, clock: Clock
) -> None:
    book = ledger(ports, clock, ":requests/day=20")
    many = (book.request(TENANT, f"key:{n % 5}") for n in range(100))
    found = await asyncio.gather(*many, return_exceptions=True)
    assert found.count(None) == 20
    assert sum(isinstance(one, BudgetExceededError) for one in found) == 80
    assert (await total(book))[0] == 20  # what is refused is not counted


async def test_an_exceeded_budget_says_what_of_and_until_when(ports: Ports, clock: Clock) -> None:
    book = ledger(ports, clock, f"/{KEY}:requests/day=0", ":money/month=2.5")
    with pytest.raises(BudgetExceededError) as refused:
        await book.request(TENANT, KEY)
    assert refused.value.facts == {
        "limit": 0,
        "reason": "requests a day for this key",
        "retry_after": 12 * 3600,
    }
    await book.request(TENANT, "key:other")


async def test_a_budget_is_full_again_in_the_next_period(ports: Ports, clock: Clock) -> None:
    book = ledger(ports, clock, ":requests/day=1", ":requests/month=2")
    await book.request(TENANT, KEY)
    with pytest.raises(BudgetExceededError, match="a day"):
        await book.request(TENANT, KEY)
    clock.now += 12 * 3600  # December has come
    await book.request(TENANT, KEY)
    clock.now += 86400
    await book.request(TENANT, KEY)
    clock.now += 86400
    with pytest.raises(BudgetExceededError, match="a month"):
        await book.request(TENANT, KEY)


@pytest.mark.parametrize(
    "budget",
    [":tokens/day=100", f"/{KEY}:tokens/month=100", ":money/day=0.0001", f"/{KEY}:money/day=1e-4"],
)
async def test_tokens_and_money_are_budgeted(ports: Ports, clock: Clock, budget: str) -> None:
    book = ledger(ports, clock, budget, prompt=1_000_000, completion=1_000_000)
    await book.request(TENANT, KEY)
    await book.answer(asked(), Usage(prompt_tokens=60, completion_tokens=39))
    await book.request(TENANT, KEY)
    await book.answer(asked(), Usage(completion_tokens=1))
    with pytest.raises(BudgetExceededError):
        await book.request(TENANT, KEY)


@pytest.mark.parametrize("measure", ["tokens/day=100", "money/month=0.0001"])
async def test_what_answers_cost_is_budgeted_for_their_space(
    ports: Ports, clock: Clock, measure: str
) -> None:
    book = ledger(ports, clock, f"/{SPACE}:{measure}", prompt=1_000_000)
    await book.question(TENANT, KEY, [SPACE])
    await book.answer(asked(), Usage(prompt_tokens=100))
    with pytest.raises(BudgetExceededError):
        await book.question(TENANT, KEY, [SPACE])


async def test_a_space_has_a_budget_of_its_own(ports: Ports, clock: Clock) -> None:
    book = ledger(ports, clock, f"/{SPACE}:requests/day=2")
    for _ in range(2):
        await book.question(TENANT, KEY, [SPACE])
    for spaces in ([SPACE], ["spc_b", SPACE]):
        with pytest.raises(BudgetExceededError, match="this space"):
            await book.question(TENANT, KEY, spaces)
    await book.question(TENANT, KEY, ["spc_b"])
    await book.request(TENANT, KEY)


async def test_what_another_process_counted_is_seen_after_a_restart(
    ports: Ports, clock: Clock
) -> None:
    first = ledger(ports, clock, ":requests/day=3")
    for _ in range(3):
        await first.request(TENANT, KEY)
    await first.flush()
    with pytest.raises(BudgetExceededError):
        await ledger(ports, clock, ":requests/day=3").request(TENANT, KEY)


async def test_the_budget_of_a_tenant_is_nothing_to_another(ports: Ports, clock: Clock) -> None:
    book = ledger(ports, clock, ":requests/day=0")
    await book.request("ten_b", KEY)
    with pytest.raises(BudgetExceededError):
        await book.request(TENANT, KEY)
