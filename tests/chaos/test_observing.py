from pathlib import Path

import pytest

from chaos.observing import Log, Seen, enough, p95_ms, read, sent_since, share, since


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
    assert sent_since(found, "any", 2.0) == found[2:]


def test_no_request_is_no_share_and_no_time() -> None:
    assert share([]) == 0
    assert p95_ms([]) == float("inf")


def test_a_share_is_told_of_as_many_requests_as_let_one_of_them_fail() -> None:
    assert [enough(least) for least in (0.7, 0.9, 0.95, 0.99, 0.999, 1)] == [
        *(20, 20, 20, 100, 100, 100)
    ]
