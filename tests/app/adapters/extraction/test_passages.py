import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.adapters.extraction.passages import PASSAGE_CHARACTERS, SHORT, assemble
from app.adapters.extraction.reading import Block, Caps, Part, Reading
from app.core.errors import ExtractionFailedError
from app.core.models import Extraction

SENTENCES = st.lists(
    st.sampled_from(
        [
            "Le délai de réponse est de trente jours ouvrables.",
            "The deadline is thirty days 😀.",
            "\n\n",
            "x" * 700,
            "   ",
            "œuvre\u00a0: l\u2019été\n",
        ]
    ),
    max_size=60,
).map(" ".join)
BLOCKS = st.builds(Block, SENTENCES | st.text(max_size=300), st.sampled_from([0, 0, 0, 1, 2]))
PARTS = st.lists(st.builds(Part, st.lists(BLOCKS, max_size=6), st.none() | st.text()), max_size=5)
READINGS = st.builds(Reading, PARTS, st.booleans(), st.none() | st.text())


def assembled(reading: Reading) -> Extraction | None:
    try:
        return assemble(reading, Caps())
    except ExtractionFailedError as error:
        assert error.facts["reason"] == "empty"
        return None


def assert_spans_agree(result: Extraction) -> None:
    stored = result.text.encode()
    for p in result.passages:
        assert result.text[p.start : p.end] == stored[p.byte_start : p.byte_end].decode()


def assert_all_is_covered(result: Extraction) -> None:
    at = 0
    for ordinal, passage in enumerate(result.passages):
        assert passage.ordinal == ordinal
        assert at <= passage.start < passage.end
        assert passage.end - passage.start <= PASSAGE_CHARACTERS
        assert not result.text[at : passage.start].strip()
        at = passage.end
    assert not result.text[at:].strip()


@given(READINGS)
def test_a_passage_s_characters_and_bytes_are_the_same_span(reading: Reading) -> None:
    if result := assembled(reading):
        assert_spans_agree(result)


@given(READINGS)
def test_passages_cover_all_visible_text_once_and_in_order(reading: Reading) -> None:
    if result := assembled(reading):
        assert_all_is_covered(result)


@given(READINGS)
def test_no_passage_crosses_a_page_and_pages_are_numbered_through(reading: Reading) -> None:
    if result := assembled(reading):
        assert [page.number for page in result.pages] == list(range(1, len(result.pages) + 1))
        for passage in result.passages:
            if passage.page is not None:
                page = result.pages[passage.page - 1]
                assert page.start <= passage.start
                assert passage.end <= page.end


@given(READINGS)
def test_sections_start_where_their_titles_stand(reading: Reading) -> None:
    if result := assembled(reading):
        for section in result.sections:
            assert result.text.startswith(section.title, section.start)


def test_a_passage_carries_the_nearest_heading_above_it() -> None:
    body = "Un paragraphe assez long pour rester seul. " * 4
    reading = Reading(
        [Part([Block(body), Block("Délais", 1), Block(body), Block("Frais", 2), Block(body)])]
    )
    sections = [passage.section for passage in assemble(reading, Caps()).passages]
    assert sections == [None, "Délais", "Frais"]


def test_a_heading_right_below_another_shares_its_passage_and_wins() -> None:
    blocks = [Block("Chapter", 1), Block("Section", 2), Block("Text. " * 60)]
    (passage,) = assemble(Reading([Part(blocks)]), Caps()).passages
    assert (passage.section, passage.start) == ("Section", 0)
    assert len("Chapter") < SHORT


def test_a_page_without_text_keeps_its_number() -> None:
    parts = [Part([Block("one")]), Part([]), Part([Block("three")])]
    result = assemble(Reading(parts, paged=True), Caps())
    assert [(p.number, result.text[p.start : p.end]) for p in result.pages] == [
        (1, "one"),
        (2, ""),
        (3, "three"),
    ]
    assert [passage.page for passage in result.passages] == [1, 3]


@pytest.mark.parametrize("unit", ["é", "mot ", "1,", "😀e\u0323", "a.\n", "\n \n"])
def test_two_million_characters_without_a_paragraph_are_cut_in_linear_time(unit: str) -> None:
    """The splitter alone takes half a minute for them, and four times that for twice as many."""
    text = "début " + unit * (2_000_000 // len(unit)) + " fin"
    result = assemble(Reading([Part([Block(text)])]), Caps())
    assert_spans_agree(result)
    assert_all_is_covered(result)
