"""Which media type a file is, by its first bytes and its name; the bytes win when they are sure."""

import re
from pathlib import PurePosixPath

from app.adapters.extraction.text import decode, is_binary
from app.core.errors import UnsupportedTypeError

PDF = "application/pdf"
_OOXML = "application/vnd.openxmlformats-officedocument."
DOCX = _OOXML + "wordprocessingml.document"
PPTX = _OOXML + "presentationml.presentation"
XLSX = _OOXML + "spreadsheetml.sheet"
DOC, PPT, XLS = "application/msword", "application/vnd.ms-powerpoint", "application/vnd.ms-excel"
ODT = "application/vnd.oasis.opendocument.text"
ODS = "application/vnd.oasis.opendocument.spreadsheet"
RTF, HTML, EML = "application/rtf", "text/html", "message/rfc822"
MARKDOWN, TEXT, CSV, TSV = "text/markdown", "text/plain", "text/csv", "text/tab-separated-values"
JSON, JSON_LINES = "application/json", "application/x-ndjson"

_BY_NAME = {
    ".md": MARKDOWN,
    ".markdown": MARKDOWN,
    ".txt": TEXT,
    ".csv": CSV,
    ".tsv": TSV,
    ".json": JSON,
    ".jsonl": JSON_LINES,
    ".ndjson": JSON_LINES,
    ".html": HTML,
    ".htm": HTML,
    ".xhtml": HTML,
    ".eml": EML,
}
_ZIPPED = {
    ".docx": DOCX,
    ".docm": DOCX,
    ".pptx": PPTX,
    ".pptm": PPTX,
    ".xlsx": XLSX,
    ".xlsm": XLSX,
    ".odt": ODT,
    ".ods": ODS,
}
_COMPOUND = {".doc": DOC, ".ppt": PPT, ".xls": XLS}
_XLSB = "application/vnd.ms-excel.sheet.binary.macroenabled.12"
_STREAMS = (("WordDocument", DOC), ("PowerPoint Document", PPT), ("Workbook", XLS), ("Book", XLS))
_FOLDERS = ((b"word/", DOCX), (b"ppt/", PPTX), (b"xl/", XLSX))
_OPEN_DOCUMENT = re.compile(
    rb"mimetype(application/vnd\.oasis\.opendocument\.(?:text|spreadsheet))PK"
)

# What is recognised only to be refused by its right name.
_REFUSED = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF8", "image/gif"),
    (b"II*\x00", "image/tiff"),
    (b"MM\x00*", "image/tiff"),
    (b"BM", "image/bmp"),
    (b"RIFF", "application/x-riff"),
    (b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    (b"Rar!", "application/vnd.rar"),
    (b"\x1f\x8b", "application/gzip"),
    (b"BZh", "application/x-bzip2"),
    (b"\xfd7zXZ", "application/x-xz"),
    (b"\x28\xb5\x2f\xfd", "application/zstd"),
    (b"MZ", "application/vnd.microsoft.portable-executable"),
    (b"\x7fELF", "application/x-elf"),
    (b"\xca\xfe\xba\xbe", "application/java-vm"),
    (b"\x00asm", "application/wasm"),
    (b"SQLite format 3", "application/vnd.sqlite3"),
    (b"ID3", "audio/mpeg"),
    (b"OggS", "application/ogg"),
)
_AT_START = re.compile(r"\s*(?:<!doctype html|<html[\s>])", re.IGNORECASE)
_XML = re.compile(r"\s*<\?xml", re.IGNORECASE)
_MAIL = re.compile(
    r"(?:(?:From|To|Cc|Date|Subject|Received|Return-Path|Delivered-To|Message-ID|MIME-Version|"
    r"Content-Type|DKIM-Signature|Reply-To): .*\n(?:[ \t].*\n)*){3}",
    re.IGNORECASE,
)


def media_type(filename: str, head: bytes) -> str:
    """Return one of the types above; raises UnsupportedTypeError naming what the file is."""
    suffix = PurePosixPath(filename.replace("\\", "/")).suffix.lower()
    if head.startswith(b"%PDF-") or (suffix == ".pdf" and b"%PDF-" in head[:1024]):
        return PDF
    if head.startswith(b"{\\rtf"):
        return RTF
    if head.startswith(b"PK\x03\x04"):
        return _zipped(suffix, head)
    if head.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        return _compound(suffix, head)
    if is_binary(head):
        raise UnsupportedTypeError(media_type=_binary(head))
    return _textual(suffix, decode(head))


def _binary(head: bytes) -> str:
    if head[257:262] == b"ustar":
        return "application/x-tar"
    if head[4:8] == b"ftyp":
        return "video/mp4"
    return next((t for start, t in _REFUSED if head.startswith(start)), "application/octet-stream")


def _zipped(suffix: str, head: bytes) -> str:
    if found := _OPEN_DOCUMENT.match(head, 30):  # the first entry, stored: its type
        return found[1].decode()
    if b"xl/workbook.bin" in head:
        raise UnsupportedTypeError(media_type=_XLSB)
    for folder, known in _FOLDERS:
        if folder in head and (b"[Content_Types].xml" in head or suffix in _ZIPPED):
            return known
    # A large first entry may hide the telling names; then the end of the archive is not in sight.
    if suffix in _ZIPPED and b"PK\x05\x06" not in head:
        return _ZIPPED[suffix]
    raise UnsupportedTypeError(media_type="application/zip")


def _compound(suffix: str, head: bytes) -> str:
    """Return the type of a Microsoft compound file; an encrypted .docx is one, too."""
    for name, known in _STREAMS:
        if name.encode("utf-16-le") in head:
            return known
    for names in (_COMPOUND, _ZIPPED):
        if suffix in names:
            return names[suffix]
    raise UnsupportedTypeError(media_type="application/x-ole-storage")


def _textual(suffix: str, head: str) -> str:
    if _AT_START.match(head):
        return HTML
    if _XML.match(head) and suffix not in _BY_NAME:
        if re.search(r"<html[\s>]", head[:2000], re.IGNORECASE):
            return HTML
        kind = "image/svg+xml" if "<svg" in head[:2000] else "application/xml"
        raise UnsupportedTypeError(media_type=kind)
    if suffix in _BY_NAME:
        return _BY_NAME[suffix]
    return EML if _MAIL.match(head.replace("\r\n", "\n")) else TEXT
