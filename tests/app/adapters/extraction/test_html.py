from pathlib import Path

import pytest

from app.adapters.extraction.html import parse_html
from app.adapters.extraction.media import HTML
from app.core.errors import ExtractionFailedError
from app.core.models import Extraction
from tests.app.adapters.extraction import samples


def shown(source: str) -> list[str]:
    return [block.text for part in parse_html(source).parts for block in part.blocks]


def read(tmp_path: Path, data: bytes) -> Extraction:
    (tmp_path / "a.html").write_bytes(data)
    return samples.read(tmp_path / "a.html", HTML)


def test_a_page_has_a_title_sections_and_paragraphs(tmp_path: Path) -> None:
    source = (
        "<!doctype html><html><head><title>T&amp;C</title><body><h1>R&amp;D &eacute;t&#233;</h1>"
        "<p>Un <b>texte</b>\n<a href=x>li&eacute;</a>.<p>Deux."
        "<h2>Frais</h2>25&nbsp;$<ul><li>un<li>deux"
    )
    result = read(tmp_path, source.encode())
    assert result.title == "T&C"
    assert [(s.title, s.level) for s in result.sections] == [("R&D été", 1), ("Frais", 2)]
    assert result.text.split("\n\n") == [
        "R&D été", "Un texte lié.", "Deux.", "Frais", "25 $", "un", "deux",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "hidden",
    [
        "<script>HIDDEN</script>",
        "<style>p {content: 'HIDDEN'}</style>",
        "<template><p>HIDDEN</p></template>",
        "<!-- HIDDEN -->",
        "<p hidden>HIDDEN</p>",
        "<p hidden>HIDDEN<p>seen</p>",
        '<div style="color: red; DISPLAY : none">a<div>HIDDEN</div>b</div>',
        '<span style="font-size:0px">HIDDEN</span>',
        '<span style="opacity:0">HIDDEN</span>',
        '<p style="visibility:hidden">HIDDEN</p>',
        "<style>.x, p.gone { display: none }</style><p class='a gone'>HIDDEN</p>",
        "<style>#x{display:none}</style><div id=x>HIDDEN</div>",
        '<span style="display:none"><div>HIDDEN</span> HIDDEN</div></span>',
        "<noscript>HIDDEN</noscript>",
        "<select><option>HIDDEN</select>",
    ],
)
def test_what_a_browser_does_not_show_is_not_read(hidden: str) -> None:
    text = " ".join(shown(f"<body><p>before</p>{hidden}<p>after</p>"))
    assert "HIDDEN" not in text
    assert text.startswith("before")
    assert text.endswith("after")


@pytest.mark.parametrize(
    "source",
    [
        "<style>@media print { .x { display: none } }</style><p class=x>SEEN</p>",
        '<p style="opacity:0.9">SEEN</p>',
        '<p style="font-size:0.9em">SEEN</p>',
        "<p aria-hidden=true>SEEN</p>",
        "<div hidden>a</div>SEEN",
        "<head><meta charset=utf-8><p>SEEN</p>",
        "<p>a</b></i></div></table>SEEN",
        "<details>SEEN</details>",
        "<p title='&lt;p hidden>'>SEEN</p>",
    ],
)
def test_what_a_browser_shows_is_read(source: str) -> None:
    assert "SEEN" in " ".join(shown(source))


def test_a_table_of_data_keeps_the_names_of_its_columns() -> None:
    source = (
        "<table><caption>Tarifs</caption><thead><tr><th>Nom<th>Prix<tbody>"
        "<tr><td><p>Adulte</p><td>25&nbsp;$<tr><td>Enfant<br>(5 à 12)<td>10 $</table>"
    )
    assert shown(source) == [
        "Tarifs",
        "Nom | Prix\nNom: Adulte; Prix: 25 $\nNom: Enfant (5 à 12); Prix: 10 $",
    ]


def test_a_first_column_of_header_cells_names_rows_not_columns() -> None:
    assert shown("<table><tr><th>Nom<td>Zoé<tr><th>Âge<td>41</table>") == ["Nom | Zoé\nÂge | 41"]


def test_a_layout_table_is_read_once_in_order() -> None:
    source = (
        "<table><tr><td>menu</td><td><h1>Titre</h1><p>Un.</p><table><tr><td>a<td>b</table>"
        "<p>Deux.</p></td></tr></table>"
    )
    assert shown(source) == ["menu", "Titre", "Un.", "a | b", "Deux."]


def test_long_cells_are_paragraphs_of_their_own() -> None:
    assert shown(f"<table><tr><td>menu<td>{'mot ' * 200}</table>")[0] == "menu"


def test_preformatted_text_keeps_its_lines() -> None:
    assert shown("<pre>a\n  b\n</pre>") == ["a\n  b\n"]


def test_the_declared_encoding_is_used_if_it_fits(tmp_path: Path) -> None:
    page = "<meta charset='{}'><p>d\u00e9lai \u2013 \u0153uvre</p>"
    for declared, used in (("iso-8859-1", "cp1252"), ("utf-8", "cp1252"), ("x-odd", "utf-8")):
        assert read(tmp_path, page.format(declared).encode(used)).text == "délai \u2013 œuvre"


def test_two_hundred_thousand_nested_elements_are_read_like_one(tmp_path: Path) -> None:
    depth = 200_000
    source = "<div>" * depth + "profond" + "</div>" * depth + "<p>après</p>"
    assert read(tmp_path, source.encode()).text == "profond\n\naprès"


def test_a_page_that_shows_nothing_is_empty(tmp_path: Path) -> None:
    with pytest.raises(ExtractionFailedError, match="EMPTY"):
        read(tmp_path, b"<html><body><script>var a = 1</script><img src=x></body></html>")
