"""PDF by pypdfium2: a page is a page, the outline gives the headings.

A file that lost its end is `malformed` even though PDFium would recover some of its text: what
is missing can't be known. A page whose own content is damaged inside can't be told from one
that is meant to look so, and is read as PDFium reads it.
"""

import mmap
import re
from collections import defaultdict
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pypdfium2.raw as pdfium  # type: ignore[import-untyped]
from pypdfium2 import PdfDocument, PdfiumError

from app.adapters.extraction.bombs import holds_bomb
from app.adapters.extraction.layout import Hyphens, flow
from app.adapters.extraction.reading import Block, Caps, Part, Reading, failure
from app.adapters.extraction.text import one_line
from app.adapters.fork_server import report
from app.core.models import FailureReason

_OBJECT = re.compile(rb"\d\s+\d+\s+obj\b")
_LINEARIZED = re.compile(rb"/Linearized\b[^>]{0,200}?/L\s+(\d+)")
_HEAD = 1024
_TAIL = 1 << 20
_OUTLINE_DEPTH, _OUTLINE_ENTRIES = 4, 5_000
_NOT_A_TITLE = re.compile(r"^\s*(?:untitled|microsoft \w+ - .*|.*\.\w{2,5})\s*$", re.IGNORECASE)
_NUMBERING = 20  # characters that a heading may have on the page and not in the outline
_READ_SHARE = 0.8  # of the progress: the rest is laying out and cutting

Outline = dict[int, list[tuple[str, int]]]


def read_pdf(path: Path, caps: Caps) -> Reading:
    """Read a .pdf file."""
    if _is_cut_off(path):
        raise failure(FailureReason.MALFORMED)
    try:
        document = PdfDocument(path)
    except PdfiumError as error:
        encrypted = error.err_code in (pdfium.FPDF_ERR_PASSWORD, pdfium.FPDF_ERR_SECURITY)
        reason = FailureReason.ENCRYPTED if encrypted else FailureReason.MALFORMED
        raise failure(reason) from None
    try:
        if len(document) > caps.pages:
            raise failure(FailureReason.TOO_LARGE)
        texts = _texts(document, caps)
        if not any(character.isalnum() for text in texts for character in text):
            raise failure(_why_empty(document, path))
        hyphens, outline = Hyphens(texts), _outline(document)
        parts = [
            Part(_blocks(flow(hyphens.join(text)), outline.get(number, [])))
            for number, text in enumerate(texts)
        ]
        return Reading(parts, True, _title(document))
    finally:
        document.close()


def _is_cut_off(path: Path) -> bool:
    """Tell whether the end of the file is missing: objects without a cross-reference after them."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        linearized = _LINEARIZED.search(data[:_HEAD])
        if linearized and int(linearized[1]) > len(data):
            return True
        last = data.rfind(b"startxref")
        return last < 0 or _OBJECT.search(data[max(last, len(data) - _TAIL) :]) is not None


def _texts(document: PdfDocument, caps: Caps) -> list[str]:
    texts, characters, count = [], 0, len(document)
    for number in range(count):
        texts.append(_text(document, number))
        characters += len(texts[-1])
        if characters > caps.characters:
            raise failure(FailureReason.TOO_LARGE)
        report(_READ_SHARE * (number + 1) / count)
    return texts


def _text(document: PdfDocument, number: int) -> str:
    """Return the text inside the page's visible box; `malformed` if the page can't be loaded."""
    try:
        page = document[number]
        try:
            content = page.get_textpage()
            try:
                return str(content.get_text_bounded())
            finally:
                content.close()
        finally:
            page.close()
    except PdfiumError:
        raise failure(FailureReason.MALFORMED) from None


def _why_empty(document: PdfDocument, path: Path) -> FailureReason:
    for number in range(len(document)):
        page = document[number]
        try:
            if next(page.get_objects([pdfium.FPDF_PAGEOBJ_IMAGE], max_depth=3), None) is not None:
                return FailureReason.SCANNED
        finally:
            page.close()
    return FailureReason.BOMB if holds_bomb(path) else FailureReason.EMPTY


def _outline(document: PdfDocument) -> Outline:
    """Return titles and levels by page index."""
    found: Outline = defaultdict(list)
    for entry in islice(document.get_toc(max_depth=_OUTLINE_DEPTH), _OUTLINE_ENTRIES):
        destination = entry.get_dest()
        page = None if destination is None else destination.get_index()
        if page is not None and (title := one_line(entry.get_title())):
            found[page].append((title, entry.level + 1))
    return found


def _blocks(lines: list[str], headings: list[tuple[str, int]]) -> Iterator[Block]:
    """Yield the page's text, cut where a line is a heading of the outline."""
    wanted = {_key(title): level for title, level in headings}
    longest = 2 * max((len(title) for title, _ in headings), default=0) + _NUMBERING
    text: list[str] = []
    for line in lines:
        level = wanted.pop(_key(line), 0) if wanted and len(line) < longest else 0
        if level:
            yield Block("\n".join(text))
            yield Block(line, level)
            text.clear()
        else:
            text.append(line)
    yield Block("\n".join(text))


def _key(text: str) -> str:
    """Return a heading's letters and digits without its number: the outline may lack it."""
    return "".join(filter(str.isalnum, text)).lstrip("0123456789").casefold()


def _title(document: PdfDocument) -> str | None:
    title = document.get_metadata_value("Title")
    return None if _NOT_A_TITLE.match(title) else title
