"""What a passage says, and how an index keeps it."""

from hypothesis import given
from hypothesis import strategies as st

from app.adapters.embedded.index import SnowballAnalyzer
from app.core.said import cut, read, written


def test_a_passage_is_cut_into_sentences_with_their_places_and_terms() -> None:
    text = "# Leave\n\nLeave is 25 days. Ask early."
    found = cut(text, SnowballAnalyzer())
    assert [text[one.start : one.end] for one in found] == ["Leave is 25 days.", "Ask early."]
    assert found[0].terms == ["25", "day", "leav"]


@given(st.text())
def test_what_is_written_of_a_passage_is_read_again(text: str) -> None:
    found = cut(text, SnowballAnalyzer())
    assert read(written(found)) == found


def test_a_passage_that_says_nothing_is_not_one_of_which_nothing_is_known() -> None:
    assert written(cut("# A heading alone", SnowballAnalyzer())) == ""
    assert read("") == []
