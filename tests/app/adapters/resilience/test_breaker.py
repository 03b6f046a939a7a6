"""When a dependency is left alone, and how it is come back to."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.adapters.resilience.breaker import Breaker, Rules, State
from app.adapters.resilience.retrying import Budget, pause_s
from tests.clock import Clock

RULES = Rules(window_s=10, calls=4, share=0.5, pause_s=1, longest_s=4, trials=2)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def told() -> list[State]:
    return []


@pytest.fixture
def breaker(clock: Clock, told: list[State]) -> Breaker:
    return Breaker(RULES, told=told.append, clock=clock)


def called(breaker: Breaker, *, well: bool) -> bool:
    """Make a call, if it is admitted; whether it was."""
    ticket = breaker.admits()
    if ticket is None:
        return False
    (breaker.succeeded if well else breaker.failed)(ticket)
    return True


def opened(breaker: Breaker) -> None:
    for _ in range(4):
        called(breaker, well=False)


def test_a_few_failures_among_successes_change_nothing(breaker: Breaker) -> None:
    for n in range(100):
        assert called(breaker, well=n % 3 != 2)
    assert breaker.state is State.CLOSED


def test_fewer_calls_than_tell_anything_never_open_it(breaker: Breaker) -> None:
    for _ in range(3):
        assert called(breaker, well=False)
    assert breaker.state is State.CLOSED


def test_half_of_the_calls_failing_opens_it_and_then_nobody_asks(
    breaker: Breaker, told: list[State]
) -> None:
    opened(breaker)
    assert breaker.state is State.OPEN
    assert breaker.admits() is None
    assert 0 < breaker.retry_after_s <= 1.2
    assert told == [State.OPEN]


def test_what_stops_answering_is_left_alone_although_much_went_well_just_before(
    breaker: Breaker, clock: Clock
) -> None:
    for _ in range(100):
        called(breaker, well=True)
    clock.now += 5  # the first calls that hang end at their timeout
    assert [called(breaker, well=False) for _ in range(5)] == [True] * 4 + [False]


def test_some_failures_in_a_row_between_many_that_go_well_are_chance(
    breaker: Breaker, clock: Clock
) -> None:
    for _ in range(20):
        for n in range(20):
            assert called(breaker, well=n < 14)
        clock.now += 0.1
    assert breaker.state is State.CLOSED


def test_failures_of_long_ago_do_not_count(breaker: Breaker, clock: Clock) -> None:
    for _ in range(3):
        called(breaker, well=False)
    clock.now += 11
    assert called(breaker, well=False)
    assert breaker.state is State.CLOSED


def test_after_the_pause_one_call_at_a_time_tries_and_enough_successes_close_it(
    breaker: Breaker, clock: Clock, told: list[State]
) -> None:
    opened(breaker)
    clock.now += 1.3
    first = breaker.admits()
    assert first is not None
    assert breaker.admits() is None, "another one tries already"
    breaker.succeeded(first)
    assert breaker.state is State.HALF_OPEN
    assert called(breaker, well=True)
    assert told == [State.OPEN, State.HALF_OPEN, State.CLOSED]


def test_each_trial_that_fails_doubles_the_pause_up_to_the_longest(
    breaker: Breaker, clock: Clock
) -> None:
    opened(breaker)
    pauses = []
    for _ in range(4):
        clock.now += 10
        assert called(breaker, well=False)
        pauses.append(breaker.retry_after_s)
    for pause, expected in zip(pauses, (2, 4, 4, 4), strict=True):
        assert expected * 0.8 <= pause <= expected * 1.2


def test_a_trial_that_takes_minutes_keeps_nobody_else_from_trying(
    breaker: Breaker, clock: Clock
) -> None:
    opened(breaker)
    clock.now += 1.3
    slow = breaker.admits()
    assert slow is not None
    clock.now += RULES.trial_s - 0.1
    assert breaker.admits() is None, "it may still end in time"
    clock.now += 0.1
    assert called(breaker, well=True)
    assert called(breaker, well=True)
    assert breaker.state is State.CLOSED
    breaker.failed(slow)
    assert breaker.state is State.CLOSED, "it tells of what was before"


def test_a_trial_that_its_caller_gave_up_lets_the_next_one_try(
    breaker: Breaker, clock: Clock
) -> None:
    opened(breaker)
    clock.now += 1.3
    ticket = breaker.admits()
    assert ticket is not None
    breaker.left(ticket)
    assert breaker.admits() is not None


def test_calls_that_began_before_it_opened_neither_close_nor_reopen_it(
    breaker: Breaker, clock: Clock
) -> None:
    late = breaker.admits()
    assert late is not None
    opened(breaker)
    clock.now += 1.3
    trial = breaker.admits()
    assert trial is not None
    breaker.failed(late)
    assert breaker.state is State.HALF_OPEN
    breaker.succeeded(late)
    breaker.succeeded(trial)
    assert breaker.state is State.HALF_OPEN


@given(st.lists(st.tuples(st.booleans(), st.floats(0, 3)), max_size=300))
def test_whatever_happens_it_is_asked_again_within_the_longest_pause(
    calls: list[tuple[bool, float]],
) -> None:
    clock = Clock()
    breaker = Breaker(RULES, clock=clock)
    for well, later in calls:
        clock.now += later
        called(breaker, well=well)
    clock.now += RULES.longest_s * 1.2 + 0.001
    assert breaker.admits() is not None


@given(st.integers(0, 10_000))
def test_retries_add_no_more_than_their_share_to_the_load(calls: int) -> None:
    budget = Budget(share=0.2, most=10)
    spent = 0
    for _ in range(calls):
        budget.earn()
        spent += budget.spend()
    assert spent <= 10 + calls * 0.2 + 1e-6


@given(st.integers(1, 20), st.floats(0, 120))
def test_a_pause_is_never_shorter_than_the_dependency_asked_for(attempt: int, asked: float) -> None:
    assert asked <= pause_s(attempt, asked) <= asked + 2
