"""How alike words are spelled."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.nearness import nearness

words = st.text(alphabet="abcdeé1", min_size=1, max_size=12)


@given(words, words)
def test_nearness_is_mutual_and_1_for_equal_words_only(left: str, right: str) -> None:
    assert nearness(left, right) == nearness(right, left)
    assert 0 <= nearness(left, right) <= 1
    assert (nearness(left, right) == 1.0) == (left == right)


def test_a_slip_or_an_ending_leaves_words_near() -> None:
    assert nearness("pasport", "passport") == pytest.approx(0.707, abs=0.001)
    assert nearness("renew", "renewal") > 0.5
    assert nearness("garden", "passport") == 0.0


def test_numbers_are_near_nothing_but_themselves() -> None:
    assert nearness("2025", "2026") == 0.0
    assert nearness("2025", "2025") == 1.0
