import pytest

from app.core import rests
from app.core.errors import UnavailableError


@pytest.mark.parametrize(("age_s", "most_s"), [(0, 1), (20, 5), (60, 10), (7_000, 10)])
def test_however_long_a_dependency_was_gone_a_job_rests_ten_seconds_at_most(
    age_s: float, most_s: float
) -> None:
    down = UnavailableError(dependency="blobs", retry_after=0)
    found = [rests.waits_s(down, age_s) for _ in range(100)]
    assert most_s / 2 <= min(found) < max(found) <= most_s


def test_a_job_rests_as_long_as_its_dependency_asked_for() -> None:
    assert rests.waits_s(UnavailableError(dependency="openai", retry_after=30), 5.0) == 30
    assert rests.waits_s(UnavailableError(dependency="openai"), 5.0) <= 1.25


def test_a_job_that_fails_by_itself_rests_longer_each_time() -> None:
    assert [rests.failed_s(n) for n in (1, 2, 3, 4, 5, 24)] == [1, 4, 15, 60, 300, 300]
