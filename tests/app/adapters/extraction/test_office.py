from datetime import date, datetime
from pathlib import Path

import docx
import openpyxl  # type: ignore[import-untyped]
import pptx
import pytest
from docx.oxml import OxmlElement

from app.adapters.extraction.media import DOCX, PPTX, XLSX
from app.adapters.extraction.reading import Caps
from app.core.errors import ExtractionFailedError
from tests.app.adapters.extraction import samples

W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'


def word_text(path: Path, body: str) -> str:
    """Return what is read of a Word file whose body is this markup."""
    samples.repacked(
        samples.word(path, "x"),
        {"word/document.xml": f"<w:document {W}><w:body>{body}</w:body></w:document>"},
    )
    return samples.read(path, DOCX).text


def test_word_headings_are_sections_and_special_characters_survive(tmp_path: Path) -> None:
    path = samples.word(
        tmp_path / "a.docx",
        ("Politique de congés", 0),
        "R&D : a < b && c > d, l\u2019été",
        ("Délai", 1),
        "Trente jours.",
        ("Exceptions", 2),
        "Aucune.",
    )
    result = samples.read(path, DOCX)
    assert result.text.split("\n\n")[1] == "R&D : a < b && c > d, l\u2019été"
    assert [(s.title, s.level) for s in result.sections] == [
        ("Politique de congés", 1),
        ("Délai", 1),
        ("Exceptions", 2),
    ]
    assert (result.pages, result.language) == ((), "fr")


def test_a_localised_or_derived_heading_style_is_a_heading(tmp_path: Path) -> None:
    document = docx.Document()
    style = document.styles.add_style("Titre maison", 1)
    style.base_style = document.styles["Heading 2"]
    document.add_paragraph("Frais", style="Titre maison")
    document.add_paragraph("Vingt-cinq dollars.")
    document.save(str(tmp_path / "a.docx"))
    result = samples.read(tmp_path / "a.docx", DOCX)
    assert [(s.title, s.level) for s in result.sections] == [("Frais", 2)]


def test_a_word_table_is_read_row_by_row_under_its_repeated_header(tmp_path: Path) -> None:
    document = docx.Document()
    for marked in (False, True):
        table = document.add_table(2, 2)
        for cell, text in zip(
            (c for row in table.rows for c in row.cells), ("Nom", "Âge", "Zoé", "41"), strict=True
        ):
            cell.text = text
        if marked:
            table.rows[0]._tr.get_or_add_trPr().append(OxmlElement("w:tblHeader"))
        document.add_paragraph("—")
    document.save(str(tmp_path / "a.docx"))
    text = samples.read(tmp_path / "a.docx", DOCX).text
    assert text.split("\n\n")[::2] == ["Nom | Âge\nZoé | 41", "Nom | Âge\nNom: Zoé; Âge: 41"]


def test_what_word_does_not_print_is_not_read(tmp_path: Path) -> None:
    body = (
        "<w:p><w:r><w:t>Seen</w:t></w:r>"
        "<w:r><w:rPr><w:vanish/></w:rPr><w:t>Hidden</w:t></w:r>"
        '<w:r><w:rPr><w:vanish w:val="0"/></w:rPr><w:t> too</w:t></w:r>'
        "<w:del><w:r><w:delText>Deleted</w:delText></w:r></w:del>"
        "<w:r><w:instrText>PAGE</w:instrText></w:r>"
        "<w:ins><w:r><w:tab/><w:t>inserted</w:t></w:r></w:ins></w:p>"
    )
    assert word_text(tmp_path / "a.docx", body) == "Seen too\tinserted"


def test_a_text_box_is_read_once_and_content_controls_are_opened(tmp_path: Path) -> None:
    box = "<w:txbxContent><w:p><w:r><w:t>Box</w:t></w:r></w:p></w:txbxContent>"
    mc = 'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"'
    body = (
        f"<w:p><w:r><mc:AlternateContent {mc}><mc:Choice>{box}</mc:Choice>"
        f"<mc:Fallback>{box}</mc:Fallback></mc:AlternateContent></w:r></w:p>"
        "<w:sdt><w:sdtContent><w:p><w:r><w:t>Control</w:t></w:r></w:p></w:sdtContent></w:sdt>"
    )
    assert word_text(tmp_path / "a.docx", body) == "Box\n\nControl"


def test_a_footnote_follows_the_paragraph_that_cites_it(tmp_path: Path) -> None:
    path = samples.word(tmp_path / "a.docx", "Cited", "After")
    relations = "word/_rels/document.xml.rels"
    samples.repacked(
        path,
        {
            "word/document.xml": f"<w:document {W}><w:body><w:p><w:r><w:t>Cited</w:t>"
            '<w:footnoteReference w:id="2"/></w:r></w:p><w:p><w:r><w:t>After</w:t></w:r></w:p>'
            "</w:body></w:document>",
            "word/footnotes.xml": f'<w:footnotes {W}><w:footnote w:id="2"><w:p><w:r>'
            "<w:t>The note.</w:t></w:r></w:p></w:footnote></w:footnotes>",
            relations: '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/'
            'relationships"><Relationship Id="r1" Type="x/footnotes" Target="footnotes.xml"/>'
            "</Relationships>",
        },
    )
    assert samples.read(path, DOCX).text == "Cited\n\nThe note.\n\nAfter"


def test_the_table_of_contents_is_not_read(tmp_path: Path) -> None:
    document = docx.Document()
    document.styles.add_style("toc 1", 1)
    document.add_paragraph("Délai ....... 3", style="toc 1")
    document.add_paragraph("Le texte.")
    document.save(str(tmp_path / "a.docx"))
    assert samples.read(tmp_path / "a.docx", DOCX).text == "Le texte."


def test_a_strict_word_file_is_read_like_any_other(tmp_path: Path) -> None:
    strict = 'xmlns:w="http://purl.oclc.org/ooxml/wordprocessingml/main"'
    path = samples.repacked(
        samples.word(tmp_path / "a.docx", "x"),
        {
            "word/document.xml": f"<w:document {strict}><w:body><w:p><w:r><w:t>Strict</w:t></w:r>"
            "</w:p></w:body></w:document>"
        },
    )
    assert samples.read(path, DOCX).text == "Strict"


def test_slides_are_pages_with_titles_notes_and_tables(tmp_path: Path) -> None:
    deck = pptx.Presentation()
    for number in (1, 2):
        slide = deck.slides.add_slide(deck.slide_layouts[5])
        assert slide.shapes.title is not None
        slide.shapes.title.text = f"Étape {number}"
    table = slide.shapes.add_table(2, 2, 0, 0, 100, 100).table
    for row, texts in enumerate((("Nom", "R&D"), ("Zoé", "41"))):
        for column, text in enumerate(texts):
            table.cell(row, column).text = text
    notes = slide.notes_slide.notes_text_frame
    assert notes is not None
    notes.text = "À dire."
    deck.save(str(tmp_path / "a.pptx"))
    result = samples.read(tmp_path / "a.pptx", PPTX)
    assert [(p.number, p.label) for p in result.pages] == [(1, "Étape 1"), (2, "Étape 2")]
    assert samples.quotes(result)[1] == "Étape 2\n\nNom | R&D\nNom: Zoé; R&D: 41\n\nÀ dire."
    assert [p.section for p in result.passages] == ["Étape 1", "Étape 2"]


def test_a_hidden_slide_is_not_read_but_counted(tmp_path: Path) -> None:
    path = samples.slides(tmp_path / "a.pptx", ("One", "a"), ("Two", "b"), ("Three", "c"))
    deck = pptx.Presentation(str(path))
    deck.slides[1]._element.set("show", "0")
    deck.save(str(path))
    result = samples.read(path, PPTX)
    assert "Two" not in result.text
    assert [passage.page for passage in result.passages] == [1, 3]


def test_rows_of_a_sheet_carry_the_names_of_their_columns(tmp_path: Path) -> None:
    path = samples.workbook(
        tmp_path / "blob",
        Employés=[
            ["Liste du personnel"],
            [],
            ["Nom", "Montant", "Embauche", "Actif"],
            ["Zoé", 1234.5, date(2024, 5, 1), True],
            ["Jean", 12, datetime(2024, 5, 1, 9, 30), None],  # noqa: DTZ001 - a sheet has no zones
        ],
        Vide=[],
        Budget=[["Total", 99]],
    )
    result = samples.read(path, XLSX)
    assert [(p.number, p.label) for p in result.pages] == [
        (1, "Employés"),
        (2, "Vide"),
        (3, "Budget"),
    ]
    assert result.text.split("\n") == [
        "Liste du personnel",
        "Nom | Montant | Embauche | Actif",
        "Nom: Zoé; Montant: 1234.5; Embauche: 2024-05-01; Actif: TRUE",
        "Nom: Jean; Montant: 12; Embauche: 2024-05-01 09:30",
        "",
        "Total | 99",
    ]
    assert [passage.page for passage in result.passages] == [1, 3]


def test_a_hidden_sheet_is_not_read(tmp_path: Path) -> None:
    path = samples.workbook(tmp_path / "a.xlsx", Shown=[["a"]], Secret=[["b"]], Last=[["c"]])
    book = openpyxl.load_workbook(path)
    book["Secret"].sheet_state = "hidden"
    book.save(path)
    result = samples.read(path, XLSX)
    assert result.text == "a\n\nc"
    assert [passage.page for passage in result.passages] == [1, 3]


@pytest.mark.parametrize(
    ("media_type", "member"),
    [(DOCX, "word/document.xml"), (PPTX, "ppt/presentation.xml"), (XLSX, "xl/workbook.xml")],
)
def test_an_office_file_whose_main_part_is_damaged_is_malformed(
    tmp_path: Path, media_type: str, member: str
) -> None:
    made = {
        DOCX: samples.word(tmp_path / "a.docx", "x"),
        PPTX: samples.slides(tmp_path / "a.pptx", ("x", "y")),
        XLSX: samples.workbook(tmp_path / "a.xlsx", S=[["x"]]),
    }
    path = samples.repacked(made[media_type], {member: "<unclosed>"})
    with pytest.raises(ExtractionFailedError, match="MALFORMED"):
        samples.read(path, media_type)


def test_more_slides_or_sheets_than_the_cap_are_too_large(tmp_path: Path) -> None:
    deck = samples.slides(tmp_path / "a.pptx", ("a", "b"), ("c", "d"))
    book = samples.workbook(tmp_path / "a.xlsx", A=[["a"]], B=[["b"]])
    for path, media_type in ((deck, PPTX), (book, XLSX)):
        with pytest.raises(ExtractionFailedError, match="TOO_LARGE"):
            samples.read(path, media_type, Caps(pages=1))
