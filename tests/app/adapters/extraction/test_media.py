import io
import tarfile
import zipfile
from pathlib import Path

import pytest

from app.adapters.extraction import media
from app.adapters.extraction.media import media_type
from app.core.errors import UnsupportedTypeError
from tests.app.adapters.extraction import samples

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504)


def refused(filename: str, head: bytes) -> str:
    with pytest.raises(UnsupportedTypeError) as caught:
        media_type(filename, head)
    return str(caught.value.facts["media_type"])


def zipped(**members: str) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return target.getvalue()


@pytest.mark.parametrize(
    ("filename", "head", "expected"),
    [
        ("a.pdf", b"%PDF-1.7\n", media.PDF),
        ("a.pdf", b"\r\n junk %PDF-1.4", media.PDF),
        ("a.rtf", b"{\\rtf1 text}", media.RTF),
        ("a.md", b"# Title", media.MARKDOWN),
        ("a.TXT", b"text", media.TEXT),
        ("notes", "été".encode("utf-16"), media.TEXT),
        ("a.csv", b"a;b", media.CSV),
        ("a.json", b"{}", media.JSON),
        ("a.ndjson", b"{}\n{}", media.JSON_LINES),
        ("a.htm", b"<p>x</p>", media.HTML),
        ("a.eml", b"Subject: x\n\nbody", media.EML),
        ("a.doc", OLE, media.DOC),
        ("a.bin", OLE + "WordDocument".encode("utf-16-le"), media.DOC),
        ("a.bin", OLE + "Workbook".encode("utf-16-le"), media.XLS),
    ],
)
def test_a_known_file_is_known_by_content_and_name(
    filename: str, head: bytes, expected: str
) -> None:
    assert media_type(filename, head) == expected


@pytest.mark.parametrize(
    ("filename", "head", "expected"),
    [
        ("report.docx", b"%PDF-1.7\n", media.PDF),
        ("report.txt", b"<!DOCTYPE html><html>", media.HTML),
        ("report.docx", b"Just some words.", media.TEXT),
        ("report.pdf", b"{\\rtf1 text}", media.RTF),
        ("mail", b"From: a@b.c\r\nTo: d@e.f\r\nSubject: x\r\n\r\nbody", media.EML),
        ("page.xml", b"<?xml version='1.0'?><html xmlns='x'>", media.HTML),
    ],
)
def test_content_wins_over_a_wrong_extension(filename: str, head: bytes, expected: str) -> None:
    assert media_type(filename, head) == expected


@pytest.mark.parametrize("name", ["report.docx", "report.zip", "report"])
def test_office_files_are_told_apart_by_what_is_in_them(name: str, tmp_path: Path) -> None:
    files = {
        media.DOCX: samples.word(tmp_path / "a.docx", "x"),
        media.PPTX: samples.slides(tmp_path / "a.pptx", ("x", "y")),
        media.XLSX: samples.workbook(tmp_path / "a.xlsx", Sheet=[["x"]]),
    }
    found = {media_type(name, path.read_bytes()[: 64 * 1024]) for path in files.values()}
    assert found == set(files)


@pytest.mark.parametrize(
    ("filename", "head", "expected"),
    [
        ("a.txt", b"\x89PNG\r\n\x1a\n" + bytes(50), "image/png"),
        ("a.pdf", b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + bytes(50), "image/jpeg"),
        ("a.docx", b"7z\xbc\xaf\x27\x1c" + bytes(50), "application/x-7z-compressed"),
        ("a.exe", b"MZ\x90\x00" + bytes(50), "application/vnd.microsoft.portable-executable"),
        ("a.gz", b"\x1f\x8b\x08" + bytes(50), "application/gzip"),
        ("a.mp4", b"\x00\x00\x00\x18ftypmp42" + bytes(50), "video/mp4"),
        ("a.txt", bytes(range(256)) * 8, "application/octet-stream"),
        ("a.svg", b"<?xml version='1.0'?><svg>", "image/svg+xml"),
        ("a.msi", OLE, "application/x-ole-storage"),
        ("a.msg", OLE, "application/x-ole-storage"),
    ],
)
def test_what_cannot_be_read_is_refused_by_its_right_name(
    filename: str, head: bytes, expected: str
) -> None:
    assert refused(filename, head) == expected


def test_a_zip_archive_is_refused_whatever_it_is_called() -> None:
    archive = zipped(**{"notes.txt": "x", "word/notes.txt": "y"})
    assert refused("notes.zip", archive) == "application/zip"
    assert refused("report.pptx", zipped(**{"notes.txt": "x"})) == "application/zip"


def test_a_binary_workbook_is_refused_by_its_own_name() -> None:
    members = {"[Content_Types].xml": "x", "xl/workbook.bin": "y"}
    expected = "application/vnd.ms-excel.sheet.binary.macroenabled.12"
    assert refused("book.xlsb", zipped(**members)) == expected


def test_a_tar_archive_is_refused() -> None:
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("notes.txt"))
    assert refused("notes.txt", target.getvalue()) == "application/x-tar"


def test_folders_in_a_name_do_not_matter() -> None:
    assert media_type("..\\..\\etc/passwd.md", b"# x") == media.MARKDOWN
