"""Files of every format, made when a test needs them."""

import io
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import astuple
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import docx
import openpyxl  # type: ignore[import-untyped]
import pptx

from app.adapters.extraction.packing import unpack
from app.adapters.extraction.reading import Caps
from app.adapters.extraction.task import extract
from app.core.errors import ExtractionFailedError
from app.core.models import Extraction, FailureReason


def read(path: Path, media_type: str, caps: Caps | None = None) -> Extraction:
    """Read a file in this process, as a sandbox's child does."""
    packed = extract(str(path), media_type, astuple(caps or Caps()))
    if len(packed) == 1:
        raise ExtractionFailedError(reason=FailureReason(packed[0]))
    return unpack(packed)


def quotes(extraction: Extraction) -> list[str]:
    """Return the passages' texts, read by bytes."""
    stored = extraction.text.encode()
    return [stored[p.byte_start : p.byte_end].decode() for p in extraction.passages]


def text_page(*lines: str, size: int = 12) -> bytes:
    """Return the content of a PDF page with these lines."""
    shown = (
        line.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)").encode("cp1252")
        for line in lines
    )
    return b"BT /F1 %d Tf 14 TL 50 740 Td " % size + b"".join(
        b"(%s) Tj T* " % line for line in shown
    ) + b"ET"  # fmt: skip


IMAGE_PAGE = b"q 600 0 0 700 0 0 cm BI /W 2 /H 2 /CS /G /BPC 8 ID \x00\xff\xff\x00 EI Q"


def pdf(
    contents: Sequence[bytes],
    *,
    filters: bytes = b"",
    outline: Sequence[tuple[str, int]] = (),
    title: str = "",
) -> bytes:
    """Return a PDF of pages with these content streams; outline entries are (title, page)."""
    objects = [b"<< /Type /Catalog /Pages 2 0 R /Outlines 4 0 R >>", b"", _FONT, b""]
    pages = []
    for content in contents:
        head = b"<< /Length %d %s >>\nstream\n" % (len(content), filters)
        objects.append(head + content + b"\nendstream")
        objects.append(_PAGE % len(objects))
        pages.append(len(objects))
    kids = b" ".join(b"%d 0 R" % page for page in pages)
    objects[1] = b"<< /Type /Pages /Count %d /Kids [%s] >>" % (len(pages), kids)
    first = len(objects) + 1
    last = first + len(outline) - 1
    for number, (entry, page) in enumerate(outline, first):
        following = b"/Next %d 0 R " % (number + 1) if number < last else b""
        objects.append(
            b"<< /Title <feff%s> /Parent 4 0 R %s/Dest [%d 0 R /Fit] >>"
            % (entry.encode("utf-16-be").hex().encode(), following, pages[page])
        )
    ends = b"/First %d 0 R /Last %d 0 R " % (first, last) if outline else b""
    objects[3] = b"<< /Type /Outlines %s/Count %d >>" % (ends, len(outline))
    objects.append(b"<< /Title <feff%s> >>" % title.encode("utf-16-be").hex().encode())
    return _written(objects)


_FONT = b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>"
_PAGE = (
    b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] "
    b"/Resources << /Font << /F1 3 0 R >> >> /Contents %d 0 R >>"
)


def _written(objects: Sequence[bytes]) -> bytes:
    data, offsets = bytearray(b"%PDF-1.7\n"), []
    for number, content in enumerate(objects, 1):
        offsets.append(len(data))
        data += b"%d 0 obj\n" % number + content + b"\nendobj\n"
    start, count = len(data), len(objects) + 1
    data += b"xref\n0 %d\n0000000000 65535 f \n" % count
    data += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    data += b"trailer\n<< /Size %d /Root 1 0 R /Info %d 0 R >>\n" % (count, count - 1)
    return bytes(data + b"startxref\n%d\n%%%%EOF\n" % start)


def deflated(pattern: bytes, size: int) -> bytes:
    """Return `size` bytes of a repeated pattern, deflated, without ever holding them."""
    packer, block = zlib.compressobj(9), pattern * (1 << 16)
    pieces = [packer.compress(block) for _ in range(size // len(block))]
    return b"".join(pieces) + packer.flush()


def word(path: Path, *paragraphs: str | tuple[str, int]) -> Path:
    """Write a .docx of paragraphs and (heading, level) pairs."""
    document = docx.Document()
    for paragraph in paragraphs:
        if isinstance(paragraph, str):
            document.add_paragraph(paragraph)
        else:
            document.add_heading(*paragraph)
    document.save(str(path))
    return path


def slides(path: Path, *texts: tuple[str, str]) -> Path:
    """Write a .pptx of slides with a title and a body."""
    deck = pptx.Presentation()
    for title, body in texts:
        slide = deck.slides.add_slide(deck.slide_layouts[1])
        slide.shapes.title.text = title
        slide.placeholders[1].text = body
    deck.save(str(path))
    return path


def workbook(path: Path, **sheets: Sequence[Sequence[Any]]) -> Path:
    """Write a .xlsx of sheets with these rows."""
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    book.save(path)
    return path


def letter(body: str, *, html: str = "", subject: str = "") -> EmailMessage:
    """Return a message with a plain body, and an HTML alternative if given."""
    message = EmailMessage()
    message["From"] = "Zoé Côté <zoe@example.org>"
    message["To"] = "Équipe <team@example.org>"
    message["Subject"] = subject or "Délai de réponse à l\u2019été"
    message["Date"] = "Fri, 22 Nov 2024 10:00:00 +0000"
    message.set_content(body)
    if html:
        message.add_alternative(html, subtype="html")
    return message


def repacked(path: Path, changed: Mapping[str, str | bytes]) -> Path:
    """Replace or add members of a zip file."""
    target = io.BytesIO()
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        kept = {name: old.read(name) for name in old.namelist()}
        for member, data in (kept | dict(changed)).items():
            new.writestr(member, data)
    path.write_bytes(target.getvalue())
    return path
