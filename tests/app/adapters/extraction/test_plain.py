import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.adapters.extraction.media import CSV, JSON, JSON_LINES, MARKDOWN, TEXT
from app.adapters.extraction.reading import Caps
from app.core.errors import ExtractionFailedError
from app.core.models import Extraction
from tests.app.adapters.extraction import samples

SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
VALUES = st.recursive(
    SCALARS, lambda v: st.lists(v, max_size=4) | st.dictionaries(st.text(), v, max_size=4)
)


def read(tmp_path: Path, data: str | bytes, media_type: str) -> Extraction:
    path = tmp_path / "a"
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return samples.read(path, media_type)


def lines(tmp_path: Path, data: str | bytes, media_type: str) -> list[str]:
    return read(tmp_path, data, media_type).text.split("\n")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_a_text_is_read_in_its_encoding(tmp_path: Path, encoding: str) -> None:
    text = "Le délai de l\u2019été est de 30 jours\u2026\nDeuxième ligne."
    assert read(tmp_path, text.encode(encoding), TEXT).text == text


def test_random_bytes_are_no_text(tmp_path: Path) -> None:
    with pytest.raises(ExtractionFailedError, match="MALFORMED"):
        read(tmp_path, bytes(range(256)) * 100, TEXT)


@pytest.mark.parametrize("data", [b"", b" \n\t\r\n", b"\xef\xbb\xbf", "\u200b--".encode()])
def test_a_text_without_a_letter_or_digit_is_empty(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(ExtractionFailedError, match="EMPTY"):
        read(tmp_path, data, TEXT)


def test_a_text_far_above_the_cap_is_too_large_before_it_is_decoded(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("word " * 1000)
    for characters in (10, 4_000):
        with pytest.raises(ExtractionFailedError, match="TOO_LARGE"):
            samples.read(tmp_path / "a", TEXT, Caps(characters=characters))


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_a_row_of_csv_is_a_line_with_the_names_of_its_columns(
    tmp_path: Path, delimiter: str
) -> None:
    rows = (("Nom", "Âge", "Note"), ("Zoé", "41", '"1,5; a\nb | c\td"'), ("Jean", "", "x"))
    data = "\r\n".join(delimiter.join(row) for row in rows)
    assert lines(tmp_path, data.encode("cp1252"), CSV) == [
        "Nom | Âge | Note",
        "Nom: Zoé; Âge: 41; Note: 1,5; a b | c d",
        "Nom: Jean; Note: x",
    ]


def test_csv_without_a_header_row_has_plain_lines(tmp_path: Path) -> None:
    assert lines(tmp_path, "1,2\n3,4\n", CSV) == ["1 | 2", "3 | 4"]


def test_a_cell_beyond_the_header_and_a_short_row_are_kept(tmp_path: Path) -> None:
    assert lines(tmp_path, "a,b\n1\n1,2,3\n", CSV)[1:] == ["a: 1", "a: 1; b: 2; 3"]


def test_an_object_is_a_line_and_what_is_nested_follows_under_its_path(tmp_path: Path) -> None:
    data = {
        "nom": "Zoé",
        "âge": 41,
        "adresse": {"ville": "Montréal", "code": None},
        "tags": ["a", "b"],
        "lignes": [{"prix": 1.50, "actif": True}, {"prix": 2}],
    }
    assert lines(tmp_path, json.dumps(data), JSON) == [
        "nom: Zoé; âge: 41",
        "adresse: ville: Montréal; code: null",
        "tags: a; b",
        "lignes: prix: 1.5; actif: true",
        "lignes: prix: 2",
    ]


def test_numbers_are_quoted_as_they_are_written(tmp_path: Path) -> None:
    digits = "1" * 5000
    assert lines(tmp_path, f'{{"a": 1.50, "b": {digits}}}', JSON)[0] == "a: 1.50"
    assert digits in read(tmp_path, f'{{"a": {digits}}}', JSON).text


def test_a_lone_surrogate_is_replaced(tmp_path: Path) -> None:
    assert lines(tmp_path, '{"a": "x\\ud83dy"}', JSON) == ["a: x\ufffdy"]


def test_json_lines_are_read_one_by_one(tmp_path: Path) -> None:
    assert read(tmp_path, '{"a": 1}\n\n{"a": "é"}\n', JSON_LINES).text == "a: 1\n\na: é"


@pytest.mark.parametrize("data", ["{", '{"a": 1} x', "nul", "{'a': 1}"])
def test_broken_json_is_malformed(tmp_path: Path, data: str) -> None:
    with pytest.raises(ExtractionFailedError, match="MALFORMED"):
        read(tmp_path, data, JSON)


def test_json_nested_too_deep_is_too_complex(tmp_path: Path) -> None:
    with pytest.raises(ExtractionFailedError, match="TOO_COMPLEX"):
        read(tmp_path, "[" * 100_000 + "]" * 100_000, JSON)


@given(value=VALUES)
def test_any_json_is_read_or_empty(tmp_path_factory: pytest.TempPathFactory, value: object) -> None:
    path = tmp_path_factory.mktemp("json") / "a.json"
    path.write_text(json.dumps({"k1": value}))
    try:
        text = samples.read(path, JSON).text
    except ExtractionFailedError as error:
        assert error.facts["reason"] == "empty"
    else:
        assert "k1" in text


def test_markdown_headings_are_sections_and_marks_are_gone(tmp_path: Path) -> None:
    source = (
        "---\ntitle: x\n---\n"
        '# Politique *R&D* #\n\nLe **délai** est de `30` jours : voir [l\'annexe](b.md "B").\n'
        "snake_case_name et 2 * 3 * 4 et \\*étoile\\*\n<!-- HIDDEN\n-->\n"
        "Frais\n-----\n![Un logo](x.png)\n- un\n- deux\n\n### Troisième\n> cité\n"
    )
    result = read(tmp_path, source, MARKDOWN)
    assert [(s.title, s.level) for s in result.sections] == [
        ("Politique R&D", 1),
        ("Frais", 2),
        ("Troisième", 3),
    ]
    assert result.title == "Politique R&D"
    assert result.text == (
        "Politique R&D\n\nLe délai est de 30 jours : voir l'annexe.\n"
        "snake_case_name et 2 * 3 * 4 et *étoile*\n\n"
        "Frais\n\nUn logo\n- un\n- deux\n\nTroisième\n\n> cité"
    )


def test_code_in_markdown_is_not_interpreted(tmp_path: Path) -> None:
    source = "Avant\n```sh\n# no heading\n**kept** | x\n```\nAprès\n~~~\n# open"
    result = read(tmp_path, source, MARKDOWN)
    assert result.text.split("\n") == [
        "Avant", "# no heading", "**kept** | x", "Après", "# open",
    ]  # fmt: skip
    assert result.sections == ()


def test_a_markdown_table_keeps_the_names_of_its_columns(tmp_path: Path) -> None:
    source = "| Nom | Prix |\n|:----|-----:|\n| Zoé | 25 \\| 30 $ |\n| **Jean** | |\n\nFin"
    assert read(tmp_path, source, MARKDOWN).text == (
        "Nom | Prix\nNom: Zoé; Prix: 25 | 30 $\nNom: Jean\n\nFin"
    )


def test_a_line_of_stars_does_not_take_forever(tmp_path: Path) -> None:
    assert read(tmp_path, "a" + "*_" * 50_000 + "b", MARKDOWN).text.endswith("b")
