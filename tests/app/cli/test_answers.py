from typing import Any

import pytest

from app.cli import answers
from app.cli.screen import Screen

CITATION = {
    "number": 1,
    "title": "Guide.pdf",
    "page": 3,
    "section": "Leave",
    "quote": "Twenty\n  days a year.",
}


def an_answer(**changes: Any) -> dict[str, Any]:
    return {
        "id": "qry_1",
        "band": "answer",
        "language": "en",
        "coverage": 0.8312,
        "degraded": False,
        "sentences": [{"text": "It is twenty days.", "citations": [1], "supported": True}],
        "citations": [CITATION],
        **changes,
    }


def shown(capsys: pytest.CaptureFixture[str], answer: dict[str, Any], told: int = 0) -> list[str]:
    answers.show(Screen(), answer, told=told)
    return capsys.readouterr().out.splitlines()


def test_each_sentence_names_its_sources_and_each_source_its_place(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert shown(capsys, an_answer()) == [
        "It is twenty days. [1]",
        "",
        "[1] Guide.pdf, page 3, “Leave”",
        "    “Twenty days a year.”",
        "",
        "coverage 0.83, query qry_1",
    ]


def test_a_document_without_pages_is_cited_without_one(capsys: pytest.CaptureFixture[str]) -> None:
    citation = {**CITATION, "page": None, "section": None}
    assert "[1] Guide.pdf" in shown(capsys, an_answer(citations=[citation]))


@pytest.mark.parametrize(
    ("band", "language", "first"),
    [
        ("closest", "en", "The sources do not answer this. The passages closest to it:"),
        ("closest", "fr", "Les sources n'y répondent pas. Les passages les plus proches :"),
        ("nothing", "en", "The sources do not say."),
        ("nothing", "fr", "Les sources ne le disent pas."),
    ],
)
def test_what_is_no_answer_says_so_first(
    capsys: pytest.CaptureFixture[str], band: str, language: str, first: str
) -> None:
    answer = an_answer(band=band, language=language, sentences=[], citations=[])
    assert shown(capsys, answer)[0] == first


def test_an_unsupported_sentence_and_a_degraded_answer_are_marked(
    capsys: pytest.CaptureFixture[str],
) -> None:
    sentence = {"text": "Perhaps.", "citations": [], "supported": False}
    lines = shown(capsys, an_answer(sentences=[sentence], citations=[], degraded=True))
    assert lines == ["Perhaps. (?)", "", "coverage 0.83, degraded, query qry_1"]


def test_sentences_that_were_streamed_are_not_repeated(capsys: pytest.CaptureFixture[str]) -> None:
    assert shown(capsys, an_answer(), told=1)[0] == ""


def test_a_long_quote_is_shortened(capsys: pytest.CaptureFixture[str]) -> None:
    citation = {**CITATION, "quote": "word " * 500}
    [line] = [t for t in shown(capsys, an_answer(citations=[citation])) if t.startswith("    “")]
    assert line.endswith("…”")
    assert len(line) < 320
