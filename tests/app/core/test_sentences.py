"""Cutting passages into sentences."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.sentences import LONGEST_LIST, split

PIECES = st.sampled_from([
    "Word", "word", "l'art", ". ", "? ", "! ", "… ", "\n", "\n\n", "- ", "# ", "| a | b |\n", "É",
    " ", "« ", " »", "3.14", "1. ", "M. ", "etc. ", ":\n- ", "(", ")", "\u00a0", "|--|\n",
])  # fmt: skip


def cut(text: str) -> list[str]:
    return [text[unit.start : unit.end] for unit in split(text)]


@given(st.lists(PIECES, max_size=40).map("".join))
def test_spans_ascend_without_overlap_and_are_trimmed(text: str) -> None:
    end = 0
    for unit in split(text):
        assert end <= unit.start < unit.end <= len(text)
        assert text[unit.start : unit.end].strip() == text[unit.start : unit.end]
        end = unit.end


@given(st.lists(PIECES, max_size=40).map("".join))
def test_no_word_is_lost(text: str) -> None:
    kept = "".join(cut(text))
    for letter in "Wwlrt":
        assert kept.count(letter) == text.count(letter)


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("One. Two! Three? Four…", ["One.", "Two!", "Three?", "Four…"]),
        ("Dr. Smith met Mr. J. Roy. They left.", ["Dr. Smith met Mr. J. Roy.", "They left."]),
        ("It is 3.50 dollars. See s. 12.3 here.", ["It is 3.50 dollars.", "See s. 12.3 here."]),
        ("Open until 5 p.m. The door locks.", ["Open until 5 p.m.", "The door locks."]),
        ("The U.S. Government said so. Yes.", ["The U.S. Government said so.", "Yes."]),
        ("See No. 5. No. We refuse.", ["See No. 5.", "No.", "We refuse."]),
        ("M. Roy et Mme Cyr sont là. Oui.", ["M. Roy et Mme Cyr sont là.", "Oui."]),
        ("Voir l'art. 5 de la L.R.C. ici. Fin.", ["Voir l'art. 5 de la L.R.C. ici.", "Fin."]),
        ("« Non ? » dit-il. « Oui. » Puis rien.", ["« Non ? » dit-il.", "« Oui. »", "Puis rien."]),
        ('He said "Stop." Then he left.', ['He said "Stop."', "Then he left."]),
        ("C'est 12,5 % du total. Étonnant!", ["C'est 12,5 % du total.", "Étonnant!"]),
        ("A line that was\nwrapped is one. Next.", ["A line that was\nwrapped is one.", "Next."]),
        ("", []),
        (" \n ", []),
    ],
)  # fmt: skip
def test_prose_is_cut_where_a_reader_would(text: str, sentences: list[str]) -> None:
    assert cut(text) == sentences


def test_headings_are_told_from_sentences() -> None:
    text = "# Fees\n\nProcessing time\nIt takes ten days for most people.\n\nHours\n\nNine to five."
    headings = [text[u.start : u.end] for u in split(text) if u.heading]
    assert headings == ["Fees", "Processing time", "Hours"]


def test_a_short_list_stays_with_what_introduces_it() -> None:
    text = "Ask at the desk. You need:\n- two photographs\n- the form\n\nThen pay."
    assert cut(text) == [
        "Ask at the desk.",
        "You need:\n- two photographs\n- the form",
        "Then pay.",
    ]


def test_a_long_list_is_cut_into_its_items() -> None:
    items = [f"item {n} {'x' * 60}" for n in range(LONGEST_LIST // 60)]
    text = "You need:\n" + "\n".join(f"{n}. {item}" for n, item in enumerate(items, 1))
    assert cut(text) == ["You need:", *items]


def test_table_rows_are_units_and_rules_are_left_out() -> None:
    text = "| Fee | Amount |\n|---|---|\n| Adult | 12 |\n\n---\n\nEnd of table."
    assert cut(text) == ["| Fee | Amount |", "| Adult | 12 |", "End of table."]
