from pathlib import Path

import pytest

from chaos.observing import Log, Seen, last_failure, p95_ms, read, share, since
from chaos.probes import OBSERVED_S, kept


def seen(at: float = 100.0, kind: str = "read", status: int = 200, ms: float = 10.0) -> Seen:
    return Seen(at=at, kind=kind, status=status, ms=ms)


def test_a_line_that_is_being_written_is_left_for_next_time(tmp_path: Path) -> None:
    path = tmp_path / "seen.jsonl"
    with path.open("w", encoding="utf-8") as file:
        Log(file).add(seen())
        file.write('{"at": 101.0, "kind"')
    assert read(path) == [seen()]
    assert read(tmp_path / "absent") == []


@pytest.mark.parametrize(("status", "good"), [(0, False), (200, True), (404, True), (503, False)])
def test_what_the_service_fails_at_is_not_good(status: int, good: bool) -> None:
    assert seen(status=status).good is good


def test_requests_are_chosen_by_class_and_time() -> None:
    found = [seen(at=1.0), seen(at=2.0, kind="ask"), seen(at=3.0)]
    assert since(found, "read", 2.0) == [found[2]]
    assert since(found, "any", 2.0) == found[1:]


def test_no_request_is_no_share_and_no_time() -> None:
    assert share([]) == 0
    assert p95_ms([]) == float("inf")
    assert last_failure([seen()]) == 0


def test_the_last_failure_is_the_one_that_ended_last() -> None:
    assert last_failure([seen(at=1, status=503), seen(at=2, status=0), seen(at=3)]) == 2


def test_an_objective_is_that_of_the_last_seconds_and_its_class() -> None:
    early = [seen(at=100 - OBSERVED_S - 1, status=503)]
    now = [seen() for _ in range(20)] + [seen(kind="ask", ms=5_000)]
    assert kept(early + now, "read-latency")
    assert kept(early + now, "availability")
    assert not kept(early + now, "ask-latency")
    assert not kept([*now, seen(status=503)], "availability")
    assert not kept([*now, seen(ms=600)], "read-latency")
    assert not kept([], "availability")
