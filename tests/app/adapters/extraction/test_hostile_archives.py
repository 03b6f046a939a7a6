import zipfile
from pathlib import Path

import pytest

from app.adapters.extraction.media import DOCX, ODT, PPTX, XLSX
from app.adapters.extraction.reading import Caps
from app.core.errors import ExtractionFailedError
from tests.app.adapters.extraction import samples

TYPES = [DOCX, PPTX, XLSX, ODT]
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def reason(path: Path, media_type: str, caps: Caps | None = None) -> str:
    with pytest.raises(ExtractionFailedError) as caught:
        samples.read(path, media_type, caps)
    return str(caught.value.facts["reason"])


@pytest.mark.parametrize("media_type", TYPES)
def test_an_archive_of_ten_thousand_entries_is_a_bomb(tmp_path: Path, media_type: str) -> None:
    path = tmp_path / "a"
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(10_000):
            archive.writestr(f"word/{number}", b"")
    assert reason(path, media_type) == "decompression-bomb"


@pytest.mark.parametrize("media_type", TYPES)
def test_an_archive_that_unpacks_to_a_thousand_times_its_size_is_a_bomb(
    tmp_path: Path, media_type: str
) -> None:
    path = tmp_path / "a"
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive,
        archive.open("word/document.xml", "w") as member,
    ):
        for _ in range(128):
            member.write(b" " * (1 << 20))
    assert path.stat().st_size < 1 << 20
    assert reason(path, media_type) == "decompression-bomb"


def test_an_archive_beyond_the_cap_is_a_bomb_however_it_is_packed(tmp_path: Path) -> None:
    path = samples.word(tmp_path / "a.docx", "x")
    assert reason(path, DOCX, Caps(unpacked_bytes=1000)) == "decompression-bomb"


def test_a_member_that_is_larger_than_it_declares_is_malformed(tmp_path: Path) -> None:
    path = samples.repacked(
        samples.word(tmp_path / "a.docx", "x"), {"word/document.xml": b" " * 1_234_567}
    )
    size = (1_234_567).to_bytes(4, "little")
    assert path.read_bytes().count(size) == 2
    path.write_bytes(path.read_bytes().replace(size, (100).to_bytes(4, "little")))
    assert reason(path, DOCX) == "malformed"


@pytest.mark.parametrize("media_type", [DOCX, PPTX, XLSX])
def test_an_encrypted_office_file_is_told_so(tmp_path: Path, media_type: str) -> None:
    path = tmp_path / "a"
    path.write_bytes(OLE + bytes(1024) + "EncryptedPackage".encode("utf-16-le"))
    assert reason(path, media_type) == "encrypted"


def test_an_archive_with_encrypted_members_is_told_so(tmp_path: Path) -> None:
    path = samples.word(tmp_path / "a.docx", "x")
    data = bytearray(path.read_bytes())
    at = data.index(b"PK\x01\x02")
    data[at + 8] |= 1  # the flag of the first entry of the directory
    path.write_bytes(data)
    assert reason(path, DOCX) == "encrypted"


@pytest.mark.parametrize("media_type", TYPES)
@pytest.mark.parametrize("share", [0.1, 0.5, 0.99])
def test_an_archive_that_lost_its_end_is_malformed(
    tmp_path: Path, media_type: str, share: float
) -> None:
    path = samples.word(tmp_path / "a.docx", "x")
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    assert reason(path, media_type) == "malformed"


def test_an_old_word_file_called_docx_is_malformed_not_encrypted(tmp_path: Path) -> None:
    (tmp_path / "a.docx").write_bytes(OLE + bytes(1024) + "WordDocument".encode("utf-16-le"))
    assert reason(tmp_path / "a.docx", DOCX) == "malformed"


@pytest.mark.parametrize("media_type", [DOCX, PPTX])
def test_another_kind_of_archive_is_malformed(tmp_path: Path, media_type: str) -> None:
    with zipfile.ZipFile(tmp_path / "a", "w") as archive:
        archive.writestr("notes.txt", "x")
    assert reason(tmp_path / "a", media_type) == "malformed"


def test_entities_that_multiply_are_malformed(tmp_path: Path) -> None:
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 9))
    body = f'<!DOCTYPE w [<!ENTITY l0 "ha">{laughs}]><w>&l8;</w>'
    path = samples.repacked(samples.word(tmp_path / "a.docx", "x"), {"word/document.xml": body})
    assert reason(path, DOCX) == "malformed"


def test_an_external_entity_is_not_fetched(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("SECRET")
    w = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    body = (
        f'<!DOCTYPE d [<!ENTITY x SYSTEM "file://{tmp_path}/secret">]><w:document xmlns:w="{w}">'
        "<w:body><w:p><w:r><w:t>a&x;</w:t></w:r></w:p></w:body></w:document>"
    )
    path = samples.repacked(samples.word(tmp_path / "a.docx", "x"), {"word/document.xml": body})
    assert reason(path, DOCX) == "malformed"


def test_xml_nested_too_deep_is_too_complex(tmp_path: Path) -> None:
    w = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    deep = "<w:ins>" * 50_000 + "</w:ins>" * 50_000
    body = f'<w:document xmlns:w="{w}"><w:body>{deep}</w:body></w:document>'
    path = samples.repacked(samples.word(tmp_path / "a.docx", "x"), {"word/document.xml": body})
    assert reason(path, DOCX) == "too-complex"
