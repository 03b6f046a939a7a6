"""The files in `saved/` hold two or three lines of our own, saved by LibreOffice 7.4."""

import lzma
import zipfile
from pathlib import Path

import pytest

from app.adapters.extraction.media import DOC, ODS, ODT, PPT, RTF, XLS, media_type
from app.core.errors import ExtractionFailedError
from tests.app.adapters.extraction import samples

RTF_SAMPLE = (
    rb"{\rtf1\ansi\ansicpg1252\deff0{\fonttbl{\f0 Arial;}}\pard D\'e9lais R&D <b>\par "
    rb"Le d\'e9lai de l\u8217?\u233?t\'e9 est de {\b 30} jours {\v HIDDEN}ouvrables.\par "
    rb"{\*\generator HIDDEN;}}"
)
_NAMES = " ".join(
    f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
    for name in ("office", "text", "table")
)
ODT_SAMPLE = (
    f'<?xml version="1.0"?><office:document-content {_NAMES}><office:body><office:text>'
    '<text:h text:outline-level="1">Délais R&amp;D</text:h><text:p>Le délai de l\u2019été '
    '<text:span>est</text:span> de 30 jours.</text:p><text:h text:outline-level="2">Frais</text:h>'
    "<text:p>Vingt-cinq dollars.</text:p></office:text></office:body></office:document-content>"
)
ODS_SAMPLE = (
    f'<?xml version="1.0"?><office:document-content {_NAMES}><office:body><office:spreadsheet>'
    '<table:table table:name="Congés"><table:table-row><table:table-cell '
    'office:value-type="string"><text:p>Nom</text:p></table:table-cell><table:table-cell '
    'office:value-type="string"><text:p>Jours</text:p></table:table-cell></table:table-row>'
    '<table:table-row><table:table-cell office:value-type="string"><text:p>Zoé</text:p>'
    '</table:table-cell><table:table-cell office:value-type="float" office:value="30"/>'
    "</table:table-row></table:table></office:spreadsheet></office:body>"
    "</office:document-content>"
)


def saved(tmp_path: Path, name: str) -> Path:
    """Unpack a file that this project can't write."""
    packed = Path(__file__).parent / "saved" / f"{name}.xz"
    path = tmp_path / "blob"  # stored files have no extension
    path.write_bytes(lzma.decompress(packed.read_bytes()))
    return path


def open_document(path: Path, content: str, media_type: str = ODT) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", media_type)
        archive.writestr("content.xml", content)
        archive.writestr("META-INF/manifest.xml", "<manifest/>")
    return path


def test_rich_text_is_read_with_its_accents_and_without_its_hidden_text(tmp_path: Path) -> None:
    (tmp_path / "a.rtf").write_bytes(RTF_SAMPLE)
    result = samples.read(tmp_path / "a.rtf", RTF)
    assert result.text.split("\n\n") == [
        "Délais R&D <b>",
        "Le délai de l\u2019été est de 30 jours ouvrables.",
    ]


def test_a_rich_text_file_that_lost_its_end_is_malformed(tmp_path: Path) -> None:
    (tmp_path / "a.rtf").write_bytes(RTF_SAMPLE[:150])
    with pytest.raises(ExtractionFailedError, match="MALFORMED"):
        samples.read(tmp_path / "a.rtf", RTF)


def test_open_document_text_is_read_with_its_sections(tmp_path: Path) -> None:
    result = samples.read(open_document(tmp_path / "a.odt", ODT_SAMPLE), ODT)
    assert [(s.title, s.level) for s in result.sections] == [("Délais R&D", 1), ("Frais", 2)]
    assert result.text.split("\n\n")[1] == "Le délai de l\u2019été est de 30 jours."


def test_open_document_text_that_is_damaged_is_malformed(tmp_path: Path) -> None:
    path = open_document(tmp_path / "a.odt", ODT_SAMPLE)
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(ExtractionFailedError, match="MALFORMED"):
        samples.read(path, ODT)


def test_an_open_document_sheet_is_read_like_an_excel_sheet(tmp_path: Path) -> None:
    result = samples.read(open_document(tmp_path / "blob", ODS_SAMPLE, ODS), ODS)
    assert result.text == "Nom | Jours\nNom: Zoé; Jours: 30"
    assert [page.label for page in result.pages] == ["Congés"]


@pytest.mark.parametrize(
    ("name", "expected", "text"),
    [
        (
            "conges.doc",
            DOC,
            (
                "Congés R&D <b>\nLe délai de l\u2019été est de 30 jours, œuvre comprise.\n"
                "The deadline is thirty days."
            ),
        ),
        ("conges.ppt", PPT, "Congés R&D\n\nLe délai de l\u2019été est de 30 jours."),
        (
            "conges.xls",
            XLS,
            "Nom | Jours | Depuis\nNom: Zoé R&D; Jours: 30; Depuis: 2024-05-01",
        ),
    ],
)
def test_a_compound_file_is_recognised_and_read(
    tmp_path: Path, name: str, expected: str, text: str
) -> None:
    path = saved(tmp_path, name)
    assert media_type("unnamed", path.read_bytes()) == expected
    assert samples.read(path, expected).text == text


@pytest.mark.parametrize(("offset", "value"), [(2050, 0), (2276, 0), (3046, 255)])
def test_a_byte_that_makes_the_parser_panic_is_malformed(
    tmp_path: Path, offset: int, value: int
) -> None:
    path = saved(tmp_path, "conges.xls")
    data = bytearray(path.read_bytes())
    data[offset] = value
    path.write_bytes(data)
    with pytest.raises(ExtractionFailedError, match="MALFORMED"):
        samples.read(path, XLS)


@pytest.mark.parametrize(
    ("name", "media_type"), [("conges.doc", DOC), ("conges.ppt", PPT), ("conges.xls", XLS)]
)
def test_a_compound_file_that_lost_its_end_is_malformed(
    tmp_path: Path, name: str, media_type: str
) -> None:
    path = saved(tmp_path, name)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(ExtractionFailedError, match="MALFORMED"):
        samples.read(path, media_type)
