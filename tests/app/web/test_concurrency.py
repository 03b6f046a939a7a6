"""The room that reads' times leave, on a clock of its own."""

import random
from collections import Counter
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.web.concurrency import SHARES, AdaptiveLimit, Reads

READS = Reads(tolerated_s=0.2)
TARGET_S = READS.tolerated_s


def looked(limit: AdaptiveLimit, seconds: list[float], active: int, *, looks: int = 1) -> None:
    """Let so many looks pass, each of them at reads that took so long."""
    for _ in range(looks * 5):
        for one in seconds:
            limit.took(one)
        limit.beat(active)


@given(st.lists(st.floats(min_value=0, max_value=TARGET_S), max_size=200))
def test_all_the_room_is_there_while_reads_are_quick(times: list[float]) -> None:
    limit = AdaptiveLimit(READS)
    for one in times:
        looked(limit, [one], 900)
    assert limit.calm
    assert not limit.refuses(1500, "ask")


def test_a_single_slow_moment_is_forgiven() -> None:
    limit = AdaptiveLimit(READS)
    for _ in range(50):
        looked(limit, [30.0], 400)
        looked(limit, [0.02], 400, looks=12)
    assert limit.calm


def test_slowness_that_lasts_takes_room_and_quickness_gives_it_back() -> None:
    limit = AdaptiveLimit(READS)
    looked(limit, [2.0], 400, looks=60)
    assert limit.refuses(READS.few, "write")
    looked(limit, [0.02], 10, looks=300)
    assert limit.calm


def test_a_room_that_nobody_reads_in_grows_again() -> None:
    limit = AdaptiveLimit(READS)
    looked(limit, [2.0], 400, looks=60)
    looked(limit, [], 10, looks=300)
    assert limit.calm


def test_questions_go_first_and_reads_last() -> None:
    limit = AdaptiveLimit(READS)
    looked(limit, [2.0], 400, looks=60)
    refused = {kind: next(n for n in range(200) if limit.refuses(n, kind)) for kind in SHARES}
    assert refused["ask"] < refused["write"] < refused["read"]


@given(st.lists(st.tuples(st.floats(min_value=0, max_value=60), st.integers(0, 5000)), max_size=99))
def test_there_is_always_room_for_a_few_and_never_for_more_than_may_be(
    seen: list[tuple[float, int]],
) -> None:
    limit = AdaptiveLimit(READS)
    for seconds, active in seen:
        looked(limit, [seconds], active)
        assert not limit.refuses(READS.few - 1, "write")
        assert limit.refuses(READS.most, "read")


@dataclass
class Request:
    """What is left of a request: seconds of processor, or (negative) of waiting for a model."""

    kind: str
    came_s: float
    left: list[float]


KINDS = {  # how often of a hundred, and what each does
    "read": (46, [0.0035] * 3),
    "write": (14, [0.015] * 3),
    "ask": (40, [0.012] * 7 + [-0.8] + [0.012] * 3),
}
CARRIED = 27.0  # a second, of this mix


@dataclass
class Shared:
    """Two processors that all who are not waiting for a model share evenly."""

    processors, step_s = 1.9, 0.005
    limit: AdaptiveLimit
    dice: random.Random
    now_s: float = 0.0
    active: list[Request] = field(default_factory=list)
    times: dict[str, list[float]] = field(default_factory=lambda: {kind: [] for kind in KINDS})
    refused: Counter[str] = field(default_factory=Counter)

    def run(self, rate: float, seconds: float) -> None:
        """Let so many a second come."""
        due = self.now_s
        until = self.now_s + seconds
        while self.now_s < until:
            self.now_s += self.step_s
            while due < self.now_s:
                due += self.dice.expovariate(rate)
                self._comes()
            self._works()
            if round(self.now_s / self.step_s) % 4 == 0:
                self.limit.beat(len(self.active))

    def _comes(self) -> None:
        weights = [often for often, _ in KINDS.values()]
        [kind] = self.dice.choices(list(KINDS), weights)
        if self.limit.refuses(len(self.active), kind):
            self.refused[kind] += 1
        else:
            left = [one * self.dice.uniform(0.5, 1.5) for one in KINDS[kind][1]]
            self.active.append(Request(kind, self.now_s, left))

    def _works(self) -> None:
        busy = sum(one.left[0] > 0 for one in self.active)
        share_s = min(1.0, self.processors / max(1, busy)) * self.step_s
        for one in list(self.active):
            works = one.left[0] > 0
            one.left[0] += -share_s if works else self.step_s
            if works is not (one.left[0] > 0):
                one.left.pop(0)
            if not one.left:
                self._ends(one)

    def _ends(self, one: Request) -> None:
        self.active.remove(one)
        self.times[one.kind].append(self.now_s - one.came_s)
        if one.kind == "read":
            self.limit.took(self.now_s - one.came_s)

    def p95_s(self, kind: str) -> float:
        """Return the 95th percentile of how long requests of a kind took."""
        return sorted(self.times[kind])[int(0.95 * len(self.times[kind]))]

    def shed(self, kind: str) -> float:
        """Return which share of a kind was turned away."""
        return self.refused[kind] / (self.refused[kind] + len(self.times[kind]))


@pytest.fixture
def machine() -> Shared:
    return a_machine()


def a_machine() -> Shared:
    return Shared(AdaptiveLimit(READS), random.Random(7))  # noqa: S311 - no secret


def test_what_can_be_carried_is_not_turned_away(machine: Shared) -> None:
    machine.run(0.9 * CARRIED, 60)
    assert not machine.refused
    assert machine.p95_s("ask") < 2.0


@pytest.mark.parametrize("times", [2, 4])
def test_of_too_much_reads_are_answered_and_what_is_accepted_is_quick(
    machine: Shared, times: int
) -> None:
    knee = a_machine()
    knee.run(CARRIED, 60)
    machine.run(times * CARRIED, 60)
    assert machine.shed("read") < 0.1
    assert machine.shed("ask") > machine.shed("write") > machine.shed("read")
    assert machine.p95_s("read") < 2 * TARGET_S
    assert machine.p95_s("ask") < 2 * knee.p95_s("ask")


def test_what_is_free_is_given_away(machine: Shared) -> None:
    machine.run(2 * CARRIED, 60)
    worked = sum(
        len(machine.times[kind]) * sum(one for one in work if one > 0)
        for kind, (_, work) in KINDS.items()
    )
    assert worked > 0.85 * machine.processors * 60


def test_calm_returns_with_less_to_do(machine: Shared) -> None:
    machine.run(3 * CARRIED, 20)
    machine.run(0.5 * CARRIED, 20)
    assert machine.limit.calm
    machine.refused.clear()
    machine.run(0.5 * CARRIED, 20)
    assert not machine.refused
