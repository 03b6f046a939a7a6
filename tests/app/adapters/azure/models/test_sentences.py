import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.adapters.azure.models.sentences import Cited, Said, SentenceReader
from app.core.ports import ComposingFailedError

SENTENCES = st.lists(
    st.builds(
        Said,
        text=st.text(),
        citations=st.lists(st.builds(Cited, st.integers(-3, 9), st.text())).map(tuple),
    ),
    max_size=4,
)


def written(sentences: list[Said], *, ascii_only: bool = False) -> str:
    found = [
        {
            "text": s.text,
            "citations": [{"passage": c.passage, "quote": c.quote} for c in s.citations],
        }
        for s in sentences
    ]
    return json.dumps({"sentences": found}, ensure_ascii=ascii_only)


@given(SENTENCES, st.integers(1, 40), st.booleans())
def test_sentences_are_the_same_however_the_answer_was_cut(
    sentences: list[Said], size: int, ascii_only: bool
) -> None:
    text, reader = written(sentences, ascii_only=ascii_only), SentenceReader()
    pieces = [text[start : start + size] for start in range(0, len(text), size)]
    assert [said for piece in pieces for said in reader.feed(piece)] == sentences
    reader.finish()


def test_a_sentence_is_there_as_soon_as_its_object_is_closed() -> None:
    reader, text = SentenceReader(), written([Said("One.", ()), Said("Two.", ())])
    assert list(reader.feed(text[: text.index("},") + 1])) == [Said("One.", ())]


@given(SENTENCES, st.integers(0, 200))
def test_an_answer_that_was_broken_off_is_malformed(sentences: list[Said], kept: int) -> None:
    reader, text = SentenceReader(), written(sentences)
    list(reader.feed(text[: min(kept, len(text) - 1)]))
    with pytest.raises(ComposingFailedError, match="malformed"):
        reader.finish()


@pytest.mark.parametrize(
    "answer",
    [
        [],
        {"sentences": {}},
        {"sentences": [{"text": "One."}]},
        {"sentences": [{"text": 1, "citations": []}]},
        {"sentences": [{"text": "One.", "citations": [{"passage": "1", "quote": "x"}]}]},
        {"sentences": [{"text": "One.", "citations": [{"passage": True, "quote": "x"}]}]},
        {"sentences": [{"text": "One.", "citations": [{"passage": 1, "quote": None}]}]},
        {"sentences": [{"text": "One.", "citations": 3}]},
        {"title": "", "sentences": [{"text": "One.", "citations": []}]},
    ],
)
def test_another_form_than_agreed_is_malformed(answer: Any) -> None:
    reader = SentenceReader()

    def read() -> None:
        list(reader.feed(json.dumps(answer)))
        reader.finish()

    with pytest.raises(ComposingFailedError, match="malformed"):
        read()


@given(st.text())
def test_no_text_at_all_breaks_the_reader(text: str) -> None:
    reader = SentenceReader()
    try:
        list(reader.feed(text))
        reader.finish()
    except ComposingFailedError as refused:
        assert refused.reason == "malformed"
    else:
        assert isinstance(json.loads(text), dict)
