import json
from pathlib import Path
from typing import Any

import pytest

from chaos.observing import Log, Seen
from chaos.probes import OBSERVED_S, Objective, keeps, steady, steady_from

NOW = 1000.0


def seen(at: float, kind: str = "read", status: int = 200, ms: float = 10.0) -> Seen:
    return Seen(at=at, kind=kind, status=status, ms=ms)


def minute(*odd: Seen) -> list[Seen]:
    """What clients see in a minute: twenty reads and two answers a second, and what is odd."""
    usual = [seen(NOW + n / 20) for n in range(1200)]
    usual += [seen(NOW + n / 2, "ask", ms=300) for n in range(120)]
    return sorted((*usual, *odd), key=lambda one: one.at)


def test_an_objective_is_that_of_the_last_seconds_and_its_class() -> None:
    assert steady(minute())
    assert steady(minute(seen(NOW + 40, status=503), *([seen(NOW + 40, "ask", ms=9000)] * 9)))
    assert not Objective.named("availability").lately(minute(seen(NOW + 58, status=503)))
    late = minute(*[seen(NOW + 59, ms=600)] * 3)
    assert not Objective.named("read-latency").lately(late)
    assert Objective.named("ask-latency").lately(late)


def test_one_late_answer_of_twenty_is_what_the_objective_allows() -> None:
    ask = Objective.named("ask-latency")
    assert ask.lately(minute(seen(NOW + 59, "ask", ms=5_000)))
    assert not ask.lately(minute(*[seen(NOW + 59, "ask", ms=5_000)] * 2))


def test_of_few_requests_nothing_is_kept() -> None:
    few = [seen(NOW + n, "ask") for n in range(19)]
    assert not Objective.named("ask-latency").lately(few)
    assert Objective.named("ask-latency").lately([seen(NOW, "ask"), *few])
    assert not steady([])


def test_the_steady_state_is_back_after_the_last_that_broke_it() -> None:
    assert steady_from(minute(), NOW) == NOW
    broken = minute(seen(NOW + 9, status=503), seen(NOW + 5, "ask", status=503))
    back_at = steady_from(broken, NOW)
    assert back_at is not None
    assert 0 < back_at - (NOW + 9) < 0.001


def test_the_steady_state_is_not_back_before_enough_was_seen_since() -> None:
    broken = minute(seen(NOW + 55, status=0))
    assert steady_from(broken, NOW) is None, "ten answers are too few"
    short = [one for one in minute() if one.at < NOW + OBSERVED_S - 0.1]
    assert steady_from([*short, *[seen(NOW, "ask")] * 20], NOW) is None, "too short"


def test_after_a_recovery_what_was_before_it_does_not_count(place: dict[str, Any]) -> None:
    with Path(place["seen"]).open("w", encoding="utf-8") as file:
        for one in minute(*[seen(NOW + 30, "ask", ms=9000)] * 10):
            Log(file).add(one)
    Path(place["found"]).write_text(json.dumps({}), encoding="utf-8")
    Path(place["recovered"]).write_text(str(NOW + 31), encoding="utf-8")
    assert keeps("ask-latency")
    Path(place["recovered"]).write_text(str(NOW + 29), encoding="utf-8")
    assert not keeps("ask-latency")


def test_numbers_are_multiplied_by_the_slack(monkeypatch: pytest.MonkeyPatch) -> None:
    late = minute(*[seen(NOW + 59, "ask", ms=5_000)] * 2)
    assert not Objective.named("ask-latency").lately(late)
    monkeypatch.setenv("CHAOS_SLACK", "3")
    assert Objective.named("ask-latency").lately(late)
