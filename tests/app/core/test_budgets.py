from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.budgets import Budget, Measure, Owner, Period, Prices, Purse, parse, said
from app.web.problems.wording import translated


@pytest.mark.parametrize(
    ("text", "purse", "measure", "period", "limit"),
    [
        ("t:requests/day=100", Purse(Owner.TENANT), "requests", "day", 100),
        ("t/spc_1:tokens/month=5e6", Purse(Owner.SPACE, "spc_1"), "tokens", "month", 5_000_000),
        ("t/key:01a:money/day=2.5", Purse(Owner.KEY, "key:01a"), "money", "day", 2_500_000),
        ("t/oidc:ab:x=y:money/day=0", Purse(Owner.KEY, "oidc:ab:x=y"), "money", "day", 0),
    ],
)
def test_a_budget_is_said_in_one_line(
    text: str, purse: Purse, measure: str, period: str, limit: int
) -> None:
    wanted = Budget(
        tenant_id="t", purse=purse, measure=Measure(measure), period=Period(period), limit=limit
    )
    assert parse(text) == wanted


@pytest.mark.parametrize(
    "text",
    [
        "",
        "t",
        "t:requests=1",
        "t:requests/day",
        ":requests/day=1",
        "t:lines/day=1",
        "t:requests/year=1",
        "t:requests/day=-1",
        "t:requests/day=nan",
        "t:requests/day=inf",
    ],
)
def test_what_is_no_budget_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - from several places
        parse(text)


MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


@given(MOMENTS)
def test_a_period_ends_when_its_name_changes(now: datetime) -> None:
    for period in Period:
        end = period.ends(now)
        assert end > now
        before, after = (moment.date().isoformat() for moment in (end - timedelta.resolution, end))
        assert period.named(now.date().isoformat()) == period.named(before) != period.named(after)


def test_the_price_of_tokens_is_rounded_up() -> None:
    prices = Prices(prompt=2_500_000, completion=10_000_000)
    assert prices.of_tokens(1_000_000, 0) == 2_500_000
    assert prices.of_tokens(1, 0) == 3
    assert prices.of_tokens(0, 0) == 0


def test_every_budget_is_told_in_french_too() -> None:
    every = [said(m, p, o) for m in Measure for p in Period for o in Owner]
    assert len(set(every)) == 18
    assert all(translated(one) for one in every)
